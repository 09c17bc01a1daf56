"""The errors that a user can meet. Every message says what is wrong, where, and what to do next."""


class AnalyzerError(Exception):
    """Base of all errors raised on purpose; the command line prints it without a traceback and exits with 1."""


class StudyError(AnalyzerError):
    """The study file is missing, is not TOML, or holds a value that makes no sense."""


class SchemaError(AnalyzerError):
    """A table does not have the columns or types that `schema.py` declares."""


class InputError(AnalyzerError):
    """An input file cannot be read at all (single bad rows are counted and kept aside instead)."""


class OutputError(AnalyzerError):
    """An output file cannot be written; nothing half-written is left."""


class CorpusError(AnalyzerError):
    """The corpus folder is missing, locked by another process, damaged, or not a corpus."""


class CollectError(AnalyzerError):
    """A platform refused, and waiting does not help (credentials, payment, terms)."""


class ModelError(AnalyzerError):
    """A classifier cannot be loaded or does not follow the protocol."""


class UsageError(AnalyzerError):
    """The command line was used wrongly; exits with 2."""


class ClusterError(AnalyzerError):
    """A cluster cannot be reached, its workers do not fit this program, or it gave up on a partition."""
