"""What a request goes through, one file a stage; each takes the simulation and the rows still alive."""
