"""Databases and brokers that a test may stop: its own instances, in a folder and on a port of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

PATHS = [
    os.environ.get("PATH", ""),
    *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    *map(str, Path("/usr/lib/rabbitmq/lib").glob("*/sbin")),
    "/usr/sbin",
]


def find(program: str) -> str:
    """Where the program is; a test that needs one which is not there is skipped."""
    found = shutil.which(program, path=os.pathsep.join([*PATHS[1:], PATHS[0]]))
    if found is None:
        pytest.skip(f"{program} is not installed on this machine")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server(ABC):
    """Started when it is made. `restart` is without any courtesy to those that are connected."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True)
        self.prepare()
        self.start()

    @abstractmethod
    def prepare(self) -> None:
        """Make what the server needs before its first start."""

    @property
    @abstractmethod
    def command(self) -> list[str]: ...

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": os.pathsep.join(PATHS)}

    def start(self) -> None:
        log = (self.folder / "log").open("a")
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
        log.close()
        deadline = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, f"{self.command[0]} did not come up"
            time.sleep(0.1)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def restart(self) -> None:
        self.stop()
        time.sleep(1)
        self.start()


class OwnPostgres(Server):
    """Runs as the system's user `postgres` where the tests run as root, whom it does not take."""

    def prepare(self) -> None:
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            self._open_the_way()
        initdb = [find("initdb"), "--auth=trust", "--username=postgres", "--no-sync", f"--pgdata={self.folder / 'data'}"]
        subprocess.run(self._as_postgres(initdb), check=True, capture_output=True, cwd=self.folder)

    def _open_the_way(self) -> None:
        """The folders of tests are closed to other users."""
        for parent in self.folder.parents:
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)

    def _as_postgres(self, command: list[str]) -> list[str]:
        return [find("setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] if os.getuid() == 0 else command

    @property
    def command(self) -> list[str]:
        options = [f"--port={self.port}", f"--unix_socket_directories={self.folder}", "--listen_addresses=127.0.0.1"]
        return self._as_postgres([find("postgres"), "-D", str(self.folder / "data"), *options])

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def answers(self) -> bool:
        ready = [find("pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return subprocess.run(ready, check=False).returncode == 0

    def stop(self) -> None:
        """All its processes at once, as when the machine dies."""
        subprocess.run(["pkill", "-KILL", "-f", f"postgres: .*{self.port}"], check=False)
        super().stop()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)


class OwnRedis(Server):
    def prepare(self) -> None:
        """It needs nothing."""

    @property
    def command(self) -> list[str]:
        return [find("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class OwnRabbit(Server):
    """With a configuration of its own, whatever the machine's says."""

    def prepare(self) -> None:
        (self.folder / "own.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        (self.folder / "env.conf").touch()

    @property
    def command(self) -> list[str]:
        return [find("rabbitmq-server")]

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"crash{self.port}@localhost",
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "own.conf"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
        }
        return {**super().environment, **own}
