"""Everything that can go wrong and that a user can mend.

IscoreError
├── InputError           text, file or query that the caller can correct
│   ├── CursorError      a list cursor that is not ours, or of another query
│   └── TooLargeError    more in one request than the service takes
├── AuthError            an API key does not open what was asked for
│   ├── Unauthenticated  the key is missing, mistyped, unknown or revoked
│   └── Forbidden        the key is good and lacks the scope
├── ConflictError        what is asked for does not fit what there is now
│   └── GateRefused      a model version may not serve without a reason
├── BusyError            the service has all the work it can do; the caller may come back
├── SettingsError        a setting has an impossible value
├── FeedError            what a feed's address answers cannot be read as a feed
├── FetchError           an address cannot, or must not, be fetched
├── ArtifactError        a model version on disk is damaged, foreign or too large
├── UnknownModelError    no such model version in the registry
├── MissingExtraError    an optional dependency is not installed
└── StoreError           the database cannot be reached or is of another schema
"""


class IscoreError(Exception):
    """Root of all errors whose message is written for the person who can mend it."""


class InputError(IscoreError):
    """Text, file or query that the caller can correct."""


class CursorError(InputError):
    """A list cursor that is not ours, or of another query."""


class TooLargeError(InputError):
    """More in one request than the service takes."""


class AuthError(IscoreError):
    """An API key does not open what was asked for."""


class Unauthenticated(AuthError):
    """The key is missing, mistyped, unknown or revoked."""


class Forbidden(AuthError):
    """The key is good and lacks the scope."""


class ConflictError(IscoreError):
    """What is asked for does not fit what there is now."""


class GateRefused(ConflictError):
    """A model version may not serve without a reason."""


class BusyError(IscoreError):
    """The service has all the work it can do; the caller may come back."""


class SettingsError(IscoreError):
    """A setting has an impossible value."""


class FeedError(IscoreError):
    """What a feed's address answers cannot be read as a feed."""


class FetchError(IscoreError):
    """An address cannot, or must not, be fetched."""


class ArtifactError(IscoreError):
    """A model version on disk is damaged, foreign or too large."""


class UnknownModelError(IscoreError):
    """No such model version in the registry."""


class MissingExtraError(IscoreError):
    """An optional dependency is not installed; the message holds the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f'{what} needs the "{extra}" extra: pip install "iscore[{extra}]"')


class StoreError(IscoreError):
    """The database cannot be reached or is of another schema."""
