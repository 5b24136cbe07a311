"""One replica as a process of its own: real records, real DBOS, real APScheduler, and a clock that the test sets.

Reads lines of JSON from stdin: {clock minus wall clock, zone, schedules}, then an empty one to close. What it opens on its stage it
appends to a file, one line a call, which is what is counted.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bot.backends.card import CardKeeper
from bot.backends.records.database import database
from bot.backends.records.readiness import SqlReadiness
from bot.backends.walk import Crew
from bot.backends.work_dbos import work_dbos
from bot.drills.repetition.choose import Offer
from bot.drills.repetition.convene import Convener
from bot.model.drill import Competency, DrillType
from bot.model.readiness import Person, Rotation, Schedule, TeamDrill
from bot.model.value import moment
from bot.timetable import Planned, timetable
from tests.contract.test_work import Diagnosis
from tests.fakes_readiness import MemoryMarks, MemoryPagesTaken
from tests.fakes_records import MemoryRecords, MemorySurface

LIBRARY = (Offer("page-of-the-test", DrillType.PAGE, "retrieval.timeout", (Competency.RETRIEVAL,)),)


@dataclass
class FileStage:
    """Counts every call: a second one with the same key would show."""

    path: Path
    worker: str

    async def open(self, drill: TeamDrill) -> None:
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "w") as out:
            out.write(f"{drill.key} {self.worker} {','.join(drill.people)}\n")


async def main(url: str | None, home: Path, worker: str) -> None:
    shift_s = [0.0]
    rotations: list[Rotation] = []

    def clock() -> float:
        return time.time() + shift_s[0]

    memory, surface = MemoryRecords(), MemorySurface()
    keeper = CardKeeper(memory, surface, worker, clock)
    crew = Crew(incidents=memory, cards=memory, surface=surface, diagnose=Diagnosis())
    sql = url.replace("postgresql://", "postgresql+asyncpg://", 1) if url else f"sqlite+aiosqlite:///{home / 'midwatch.db'}"
    async with database(sql) as opened:
        ledger = SqlReadiness(opened)
        stage = FileStage(home / "opened", worker)
        convener = Convener(rotations, lambda: LIBRARY, MemoryMarks(), MemoryPagesTaken(), ledger, stage, lambda: moment(clock()))
        async with work_dbos(crew, keeper, memory, url=url, home=home, worker=worker, convene=convener.convene) as work:
            assert work.drills is not None
            print("ready", flush=True)
            while line := (await asyncio.to_thread(sys.stdin.readline)).rstrip("\n"):
                told = json.loads(line)
                shift_s[0] = told["shift_s"]
                schedules = tuple(Schedule.model_validate(one) for one in told["schedules"])
                person = Person(id="U1", name="Ada", zone="Asia/Kolkata")  # awake while New York sleeps
                rotations[:] = [Rotation(name="assistant", zone=told["zone"], people=(person,), drills=schedules)]
                planned = [Planned(one, told["zone"]) for one in schedules]
                async with timetable(planned, ledger, work.drills, clock):
                    print("open", flush=True)
                    await asyncio.to_thread(sys.stdin.readline)
                print("closed", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] or None, Path(sys.argv[2]), sys.argv[3]))
