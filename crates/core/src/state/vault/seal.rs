//! Sealing: states encrypted to the public keys of their owner, so that whoever has the vault alone cannot read them, this
//! machine included.
//!
//! The file `recipients` of a vault holds public keys of age, one a line; while it is there every new state is sealed. The
//! private keys belong elsewhere. What is sealed opens with `age -d -i KEYS` as well: em-infra is not needed for it.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use age::x25519::{Identity, Recipient};
use files::Mode;

use super::reader::{VaultError, read};

/// The name of the file with the public keys.
const RECIPIENTS: &str = "recipients";

/// Public keys that states are sealed to.
#[derive(Clone)]
pub struct Recipients(Vec<Recipient>);

/// Private keys that open what was sealed. Shows none of them.
#[derive(Clone, Default)]
pub struct Keys(Vec<Identity>);

/// Something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A line is no public key.
    #[error("line {line} of `{}` is no public key of age: {why}", path.display())]
    Recipient {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// Why.
        why: &'static str,
    },
    /// There are no keys in a file of keys.
    #[error("`{}` holds no key", .0.display())]
    Empty(PathBuf),
    /// A line is no private key. It is not quoted.
    #[error("line {line} of `{}` is no private key of age", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// None of the keys opens it.
    #[error("none of the given keys opens it")]
    WrongKey(#[source] age::DecryptError),
    /// It could not be encrypted.
    #[error("failed to encrypt")]
    Encrypt(#[source] age::EncryptError),
    /// It could not be encrypted or decrypted to its end.
    #[error("failed to read or write encrypted bytes")]
    Stream(#[source] std::io::Error),
}

impl Recipients {
    /// Those of the vault in `vault`; none where it keeps states in clear.
    pub fn of(vault: &Path) -> Result<Option<Self>, VaultError> {
        let path = vault.join(RECIPIENTS);
        if !path.exists() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&read(&path)?).into_owned();
        Ok(Some(Self::parse(&text, &path)?))
    }

    /// Reads one key a line; empty lines and those that begin with `#` are none. `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SealError> {
        let key = |(line, key): (usize, &str)| {
            let path = path.to_owned();
            Recipient::from_str(key).map_err(|why| SealError::Recipient { path, line, why })
        };
        let keys = lines(text).map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(SealError::Empty(path.to_owned()));
        }
        Ok(Self(keys))
    }

    /// Seals every state that the vault in `vault` keeps from now on.
    pub fn take_effect(&self, vault: &Path) -> Result<(), VaultError> {
        let text = self.names().join("\n") + "\n";
        files::create_private_dirs(vault)?;
        files::create_atomic(&vault.join(RECIPIENTS), text.as_bytes(), Mode::Private)?;
        Ok(())
    }

    /// The keys as text.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub(super) fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let keys = self.0.iter().map(|key| key as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(keys).map_err(SealError::Encrypt)?;
        let mut sealed = Vec::new();
        let mut writer = encryptor
            .wrap_output(&mut sealed)
            .map_err(SealError::Stream)?;
        writer.write_all(plain).map_err(SealError::Stream)?;
        writer.finish().map_err(SealError::Stream)?;
        Ok(sealed)
    }
}

impl Keys {
    /// Reads a file as `age-keygen` writes it.
    pub fn read(path: &Path) -> Result<Self, VaultError> {
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let key = |(line, key): (usize, &str)| {
            let path = path.to_owned();
            Identity::from_str(key).map_err(|_| SealError::Key { path, line })
        };
        let keys = lines(&text).map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(SealError::Empty(path.to_owned()).into());
        }
        Ok(Self(keys))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let keys = self.0.iter().map(|key| key as &dyn age::Identity);
        let decryptor = age::Decryptor::new(sealed).map_err(SealError::WrongKey)?;
        let mut reader = decryptor.decrypt(keys).map_err(SealError::WrongKey)?;
        let mut plain = Vec::new();
        reader.read_to_end(&mut plain).map_err(SealError::Stream)?;
        Ok(plain)
    }
}

/// The lines that hold something, numbered from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = (1..).zip(text.lines().map(str::trim));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recipients").field(&self.names()).finish()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} of ***)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;

    use super::*;

    fn keys_in(dir: &Path, identities: &[&Identity]) -> Keys {
        let path = dir.join("keys");
        let lines = identities
            .iter()
            .map(|identity| identity.to_string().expose_secret().to_owned());
        let text = format!("# created\n{}\n", lines.collect::<Vec<_>>().join("\n"));
        files::create_atomic(&path, text.as_bytes(), Mode::Private).unwrap();
        Keys::read(&path).unwrap()
    }

    #[test]
    fn either_of_two_keys_opens_and_a_third_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let all = [
            Identity::generate(),
            Identity::generate(),
            Identity::generate(),
        ];
        let text = format!(
            "# both\n{}\n\n {}\n",
            all[0].to_public(),
            all[1].to_public()
        );
        let recipients = Recipients::parse(&text, Path::new("r")).unwrap();
        let sealed = recipients.seal(b"canary").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        for key in &all[..2] {
            assert_eq!(
                keys_in(dir.path(), &[key]).open(&sealed).unwrap(),
                b"canary"
            );
        }
        let wrong = keys_in(dir.path(), &[&all[2]]).open(&sealed).unwrap_err();
        assert_eq!(wrong.to_string(), "none of the given keys opens it");
        let mut torn = sealed.clone();
        *torn.last_mut().unwrap() ^= 1;
        assert!(keys_in(dir.path(), &[&all[0]]).open(&torn).is_err());
    }

    #[test]
    fn what_is_no_key_is_named_by_its_line_and_a_private_one_is_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let secret = Identity::generate().to_string().expose_secret().to_owned();
        let path = dir.path().join("r");
        let error = Recipients::parse(&format!("#\n{secret}"), &path).unwrap_err();
        assert!(error.to_string().starts_with("line 2 of"), "{error}");
        assert!(!format!("{error} {error:?}").contains(&secret));
        files::create_new(&path, format!("{secret}x").as_bytes(), Mode::Private).unwrap();
        let error = Keys::read(&path).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&secret));
        assert!(Recipients::parse("# none", &path).is_err());
    }
}
