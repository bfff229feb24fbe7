// All that differs between the journal's two databases, SQLite and PostgreSQL. Everything else is one SQL for
// both. Used by journal_*.cpp only. Free functions; any thread.
#pragma once

#include <memory>
#include <string>

#include <soci/soci.h>

namespace calcnode::service {

enum class Dialect { sqlite, postgresql };

struct JournalAddress {
    Dialect dialect = Dialect::sqlite;
    std::string target;  // SQLite: the file's path; PostgreSQL: the URL for libpq
};

/// sqlite:///absolute/path, postgresql://... or postgres://...; throws JournalError for anything else.
JournalAddress parse_journal_url(const std::string& url);

/// A connection with its settings made: commits are durable when they return. Makes a missing SQLite file
/// (mode 0600). Throws soci::soci_error or JournalError.
std::unique_ptr<soci::session> connect(const JournalAddress& address);

/// An error's text without the password that the URL may carry.
std::string without_secrets(const JournalAddress& address, std::string text);

/// Column type of a generated 64 bit primary key.
const char* id_column(Dialect dialect);

/// SQLite takes its write lock at the begin: a transaction that read first and wanted to write later would
/// fail with SQLITE_BUSY when another wrote in between, however long its time-out.
const char* begin_statement(Dialect dialect);

/// Appended to a select: lock the rows of the tables `of`, passing over rows that another transaction has
/// locked. Empty for SQLite, whose writers run one after the other anyway.
std::string skip_locked(Dialect dialect, const std::string& of);

/// Appended to a select: lock the rows, waiting for their present holder.
std::string lock_rows(Dialect dialect);

/// Statement that lets one process at a time bring the schema up to date, until the transaction ends; empty:
/// the begin has done it.
std::string schema_lock(Dialect dialect);

/// A failure that the same transaction need not meet again: lost connection, deadlock, serialisation.
bool worth_retrying(Dialect dialect, const soci::soci_error& error);

}  // namespace calcnode::service
