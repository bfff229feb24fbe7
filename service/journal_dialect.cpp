#include "service/journal_dialect.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/journal.h"

namespace soci {
// As soci/postgresql/soci-postgresql.h declares them; that header would need libpq's own headers.
extern "C" {
backend_factory const* factory_postgresql();
backend_factory const* factory_sqlite3();
}
}  // namespace soci

namespace calcnode::service {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSqliteScheme = "sqlite://";

bool starts_with(const std::string& text, const char* prefix) {
    return text.rfind(prefix, 0) == 0;
}

// SOCI splits its connect string at blanks and quotes: the path goes in quotes.
std::string sqlite_connect_string(const std::string& path) {
    return "db=\"" + path + "\" timeout=30";
}

void set_up_sqlite(soci::session& sql) {
    std::string mode;
    sql << "pragma journal_mode = wal", soci::into(mode);
    if (mode != "wal") throw JournalError("the journal's file system allows no write-ahead log (SQLite)");
    sql << "pragma synchronous = full";  // fsync at every commit: an acknowledged instance survives a power
                                         // cut
    sql << "pragma foreign_keys = on";
}

void set_up_postgresql(soci::session& sql) {
    // A server that is set to asynchronous commits would acknowledge what a crash can lose.
    sql << "select set_config('synchronous_commit', 'on', false) "
           "where current_setting('synchronous_commit') = 'off'";
    sql << "set client_min_messages to warning";
    sql << "set time zone 'UTC'";
}

// Made aside in WAL mode and linked into place whole: switching to WAL needs the file alone, so that
// processes that start together would fail one another with SQLITE_BUSY. (And a file must never be opened and
// closed beside SQLite: that drops the process's POSIX locks on it.)
void create_sqlite_file(const fs::path& path) {
    if (fs::exists(path)) return;
    std::error_code ignored;
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), ignored);
    const fs::path fresh =
        path.string() + "." + std::to_string(::getpid()) + "-" + std::to_string(std::random_device{}());
    const int fd = ::open(fresh.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) throw JournalError("cannot make " + fresh.string() + ": " + std::strerror(errno));
    ::close(fd);
    try {
        soci::session sql(*soci::factory_sqlite3(), sqlite_connect_string(fresh.string()));
        set_up_sqlite(sql);
    } catch (...) {
        fs::remove(fresh, ignored);
        throw;
    }
    const bool linked = ::link(fresh.c_str(), path.c_str()) == 0;
    const int link_error = errno;
    fs::remove(fresh, ignored);
    if (!linked && link_error != EEXIST)  // EEXIST: another process was first
        throw JournalError("cannot make " + path.string() + ": " + std::strerror(link_error));
}

// A dead link must not hold a thread for the two hours of TCP's default.
std::string with_timeouts(std::string url) {
    for (const char* setting :
         {"connect_timeout=10", "tcp_user_timeout=30000", "application_name=calcnode"}) {
        const std::string key(setting, std::strchr(setting, '=') + 1);
        if (url.find(key) != std::string::npos) continue;
        url += url.find('?') == std::string::npos ? '?' : '&';
        url += setting;
    }
    return url;
}

}  // namespace

JournalAddress parse_journal_url(const std::string& url) {
    if (starts_with(url, "sqlite:///")) {
        const std::string path = url.substr(std::strlen(kSqliteScheme));
        if (path.find('"') != std::string::npos)
            throw JournalError("journal.url: a quote in the path: " + path);
        return {Dialect::sqlite, path};
    }
    if (starts_with(url, "postgresql://") || starts_with(url, "postgres://"))
        return {Dialect::postgresql, with_timeouts(url)};
    throw JournalError("journal.url: neither sqlite:///absolute/path nor postgresql://...");
}

std::unique_ptr<soci::session> connect(const JournalAddress& address) {
    if (address.dialect == Dialect::sqlite) {
        create_sqlite_file(address.target);
        auto sql =
            std::make_unique<soci::session>(*soci::factory_sqlite3(), sqlite_connect_string(address.target));
        set_up_sqlite(*sql);
        return sql;
    }
    auto sql = std::make_unique<soci::session>(*soci::factory_postgresql(), address.target);
    set_up_postgresql(*sql);
    return sql;
}

std::string without_secrets(const JournalAddress& address, std::string text) {
    if (address.dialect == Dialect::sqlite) return text;
    const std::size_t at = text.find(address.target);
    if (at != std::string::npos) text.replace(at, address.target.size(), "postgresql://...");
    return text;
}

const char* id_column(Dialect dialect) {
    return dialect == Dialect::sqlite ? "integer primary key autoincrement"
                                      : "bigint generated always as identity primary key";
}

const char* begin_statement(Dialect dialect) {
    return dialect == Dialect::sqlite ? "begin immediate" : "begin isolation level read committed";
}

std::string skip_locked(Dialect dialect, const std::string& of) {
    return dialect == Dialect::sqlite ? "" : " for update of " + of + " skip locked";
}

std::string lock_rows(Dialect dialect) {
    return dialect == Dialect::sqlite ? "" : " for update";
}

std::string schema_lock(Dialect dialect) {
    // Any fixed number will do: "calcnode" in ASCII.
    return dialect == Dialect::sqlite ? "" : "select pg_advisory_xact_lock(7161110494604223589)";
}

bool worth_retrying(Dialect dialect, const soci::soci_error& error) {
    // SQLite has waited for its lock already; what else it reports (disk full, damage) stays.
    if (dialect == Dialect::sqlite) return false;
    switch (error.get_error_category()) {
        case soci::soci_error::invalid_statement:
        case soci::soci_error::no_privilege:
        case soci::soci_error::constraint_violation:
            return false;
        default:
            return true;
    }
}

}  // namespace calcnode::service
