//! Files that a run keeps: swept of secrets before anybody relies on them.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use files::Mode;

use super::secrets::Redactor;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swept {
    /// There were secrets, and now there are none.
    Changed,
    /// There were none, or there is no such file.
    Unchanged,
}

/// Takes the secrets out of a file. Where that fails the file is removed: a log is worth less than a
/// secret.
pub(super) fn sweep_file(path: &Path, redactor: &Redactor) -> files::Result<Swept> {
    let Ok(bytes) = fs::read(path) else {
        return Ok(Swept::Unchanged);
    };
    match redactor.sweep(&bytes) {
        Cow::Borrowed(_) => Ok(Swept::Unchanged),
        Cow::Owned(swept) => {
            files::create_atomic(path, &swept, Mode::Private).inspect_err(|_| {
                fs::remove_file(path).ok();
            })?;
            Ok(Swept::Changed)
        }
    }
}
