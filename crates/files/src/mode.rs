//! Who may read what em-infra writes.

/// The permissions of a new file, before the umask of the process takes more away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 0600: state, plans, records, anything that may hold a secret.
    Private,
    /// 0700: a program for this user alone.
    PrivateProgram,
    /// 0644: generated documents and schemas.
    Public,
    /// 0755: an installed program.
    PublicProgram,
}

impl Mode {
    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::PrivateProgram => 0o700,
            Self::Public => 0o644,
            Self::PublicProgram => 0o755,
        }
    }
}
