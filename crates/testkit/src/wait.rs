//! Waiting for something that another process does.

use std::thread;
use std::time::Duration;

/// Returns as soon as `holds` does.
///
/// # Panics
/// After half a minute, naming `what`.
#[expect(clippy::disallowed_methods, reason = "the one place where tests poll")]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain until {what}");
}
