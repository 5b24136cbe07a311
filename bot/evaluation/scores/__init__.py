"""The scores of catalogue 4.5, one family a file: rows in, measures with n and interval out."""
