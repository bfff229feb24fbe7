"""The journals that tests run on: SQLite, and PostgreSQL where CALCNODE_TEST_POSTGRES_URL names one."""
import os
import uuid
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest

POSTGRES = os.environ.get("CALCNODE_TEST_POSTGRES_URL", "")


def make_postgres_database():
    """(URL of a fresh database, function that drops it)."""
    import psycopg2

    def execute(statement):
        connection = psycopg2.connect(POSTGRES)
        connection.autocommit = True  # CREATE DATABASE runs in no transaction
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    name = "calcnode_it_" + uuid.uuid4().hex[:12]
    execute(f"create database {name}")
    url = urlunsplit(urlsplit(POSTGRES)._replace(path="/" + name))
    return url, lambda: execute(f"drop database {name} with (force)")


def needs_postgres():
    return pytest.mark.skipif(not POSTGRES, reason="CALCNODE_TEST_POSTGRES_URL names no PostgreSQL")


JOURNALS = ["sqlite", pytest.param("postgresql", marks=needs_postgres())]


@contextmanager
def fresh_journal(kind):
    """The address of an empty journal."""
    if kind == "sqlite":
        yield ""  # the default: a file in the node's data folder
        return
    url, drop = make_postgres_database()
    try:
        yield url
    finally:
        drop()
