"""Every setting of the service: name, default, unit and help in one table, built by entry points only."""

from importlib.metadata import version
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import SettingsError

HERE = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from ``ISCORE_*`` environment variables; command-line options override them."""

    model_config = SettingsConfigDict(env_prefix="ISCORE_", frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    state: Path = Field(Path("var/state"), description="Folder for everything the service writes.")
    models: Path = Field(HERE / "models", description="Folder of the model versions and CURRENT.")
    database_url: str = Field("", description="postgresql://… or sqlite:///…; empty: iscore.db in the state folder.")
    public_url: str = Field("", description="Address that readers use, for links; empty: the one listened on.")
    sample: bool = Field(True, description="Load the sample headlines at start.")
    feeds: bool = Field(True, description="Poll news feeds.")
    feeds_allow_loopback: bool = Field(False, description="Let feeds come from this machine (for tests).")
    retrain_after_labels: int = Field(0, ge=0, description="New judgements after which a training begins; 0: never.")
    retrain_every_hours: int = Field(0, ge=0, description="Hours after which a training begins; 0: never.")
    threads: int = Field(0, ge=0, le=256, description="Threads for scoring; 0: the CPUs this process may use.")
    max_body_bytes: int = Field(8 << 20, ge=1024, description="Largest request body, in bytes.")
    max_streams: int = Field(5000, ge=0, description="Open event streams at a time; more get 503.")
    max_waiting: int = Field(32, ge=1, description="Scoring requests admitted at a time; more get 503.")

    def store_url(self) -> str:
        """The database to open: the one that is set, or SQLite in the state folder."""
        return self.database_url or f"sqlite:///{(self.state / 'iscore.db').absolute()}"

    def listen_url(self) -> str:
        """Where this machine reaches the service, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def user_agent(self) -> str:
        """As whom feeds are fetched: who runs it can be found, when it says where readers reach it."""
        about = f"+{self.public_url}" if self.public_url else "ranks news by importance"
        return f"iscore/{version('iscore')} ({about})"

    def base_url(self) -> str:
        """Where readers reach the service, without a slash at the end."""
        return self.public_url.rstrip("/") or self.listen_url()


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment; ``overrides`` that are None do not count. SettingsError names the bad one."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as exc:
        reasons = "; ".join(f"ISCORE_{str(e['loc'][0]).upper()}: {e['msg']}" for e in exc.errors())
        raise SettingsError(f"bad setting: {reasons}") from exc
