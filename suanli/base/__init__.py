"""What every package may use; it knows nothing of markets. Each module stands for itself."""

__all__ = [
    "accounts",
    "amounts",
    "config",
    "database",
    "deadline",
    "errors",
    "fields",
    "http",
    "key_files",
    "key_form",
    "locking",
    "parallel",
    "saving",
    "strict_json",
    "tables",
    "text",
    "toml_file",
    "validation",
    "version",
]
