//! The program `terraform` of a fetched engine: a Python script that starts the library beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use files::Mode;

use super::EngineError;
use crate::Env;

const SCRIPT: &str = include_str!("launcher.py");

/// Isolated (`-I`, no settings of the user), no byte code written, no site packages.
const FLAGS: &str = "-IBS";

/// Writes the launcher of this em-infra to `program`, unless a working one is there: one of an older
/// em-infra, or one whose Python is gone, is replaced.
pub(super) fn write(program: &Path, env: &Env) -> Result<(), EngineError> {
    if fs::read_to_string(program).is_ok_and(|found| is_current(&found)) {
        return Ok(());
    }
    let text = format!("{}\n{SCRIPT}", first_line(&interpreter(env)?));
    Ok(files::create_atomic(
        program,
        text.as_bytes(),
        Mode::PrivateProgram,
    )?)
}

fn is_current(found: &str) -> bool {
    let Some((first, script)) = found.split_once('\n') else {
        return false;
    };
    let words: Vec<&str> = first.trim_start_matches("#!").split(' ').collect();
    script == SCRIPT && words.last() == Some(&FLAGS) && Path::new(words[0]).is_file()
}

/// The kernel cuts a first line at 255 bytes and knows no quoting.
fn first_line(interpreter: &Path) -> String {
    match interpreter.to_str() {
        Some(path) if path.len() < 200 && !path.contains(char::is_whitespace) => {
            format!("#!{path} {FLAGS}")
        }
        _ => format!("#!/usr/bin/env -S python3 {FLAGS}"),
    }
}

/// The Python behind `python3`, which with pyenv and its like is a slow script.
fn interpreter(env: &Env) -> Result<PathBuf, EngineError> {
    let python = env.program("python3").ok_or(EngineError::NoPython)?;
    let output = Command::new(&python)
        .args([
            "-IBS",
            "-c",
            "import os, sys; print(os.path.realpath(sys.executable))",
        ])
        .env_clear()
        .envs(env.iter())
        .stdin(Stdio::null())
        .output()
        .map_err(|source| EngineError::NotRunnable {
            path: python.clone(),
            source,
        })?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(if path.is_file() { path } else { python })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_that_is_old_or_without_its_python_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("terraform");
        let env = std::env::vars_os().collect();
        write(&program, &env).unwrap();
        let current = fs::read_to_string(&program).unwrap();
        let broken = [
            String::new(),
            current.replace(SCRIPT, "print()\n"),
            format!("#!/gone/python3 {FLAGS}\n{SCRIPT}"),
            current.replace(FLAGS, ""),
        ];
        for text in broken {
            files::create_atomic(&program, text.as_bytes(), Mode::Private).unwrap();
            write(&program, &env).unwrap();
            assert_eq!(fs::read_to_string(&program).unwrap(), current, "{text}");
        }
    }

    #[test]
    fn a_path_the_kernel_cannot_take_goes_through_env() {
        let table = [
            ("/usr/bin/python3.12", "#!/usr/bin/python3.12 -IBS"),
            ("/my python/python3", "#!/usr/bin/env -S python3 -IBS"),
        ];
        for (path, expected) in table {
            assert_eq!(first_line(Path::new(path)), expected);
        }
    }
}
