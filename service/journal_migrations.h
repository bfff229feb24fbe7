// The journal's schema as a list of numbered steps. A step that was released is never edited: changes are new
// steps.
#pragma once

#include <soci/soci.h>

#include "service/journal_dialect.h"

namespace calcnode::service {

/// The version that this program works with: the number of steps.
int journal_schema_version();

/// Applies the steps up to `last` (0: all) that the database has not had yet. Within the caller's
/// transaction; other processes wait for its end. Throws JournalError when the database is of a newer
/// version.
void migrate_journal(soci::session& sql, Dialect dialect, int last = 0);

}  // namespace calcnode::service
