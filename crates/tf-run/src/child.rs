//! Running one Terraform process so that it survives em-infra.
//!
//! A process group of its own (Ctrl-C in a terminal does not reach it), hang-up ignored (a closed
//! terminal would kill it before it saves), nothing to read on standard input, umask 077 (states and
//! plans hold secrets), and output to regular files: with a pipe, the death of em-infra would end
//! Terraform by SIGPIPE before it saved what it had just made.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::{Env, Interrupt};

/// How long new output may wait to be seen. Terraform's end is noticed at once.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) argv: Vec<OsString>,
    pub(crate) env: Env,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match status.code() {
            Some(code) => Self::Code(code),
            None => Self::Signal(status.signal().unwrap_or_default()),
        }
    }
}

/// Runs `program` to its end and calls `follow` now and then meanwhile, and once after it.
/// `None` where somebody had asked to stop before it was started.
pub(crate) fn run(
    program: &Program,
    (stdout, stderr): (File, File),
    interrupt: &Interrupt,
    follow: &mut dyn FnMut(),
) -> io::Result<Option<Exit>> {
    let mut command = shell(program);
    command.stdout(stdout).stderr(stderr);
    let started = interrupt.start(|| {
        let child = command.spawn()?;
        let pid = pid_of(&child);
        Ok((child, pid))
    })?;
    let Some(mut child) = started else {
        return Ok(None);
    };
    let pid = pid_of(&child);
    while_running(pid, follow);
    interrupt.ended(pid);
    let status = child.wait()?;
    follow();
    Ok(Some(status.into()))
}

/// The shell sets what Rust can set in a child only with unsafe code, and becomes Terraform.
fn shell(program: &Program) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"umask 077; trap "" HUP; exec "$@""#, "sh"])
        .arg(&program.path)
        .args(&program.argv)
        .env_clear()
        .envs(program.env.iter())
        .stdin(Stdio::null())
        .process_group(0);
    command
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("Linux process numbers fit an i32"))
}

fn while_running(pid: Pid, follow: &mut dyn FnMut()) {
    thread::scope(|scope| {
        let (running, ended) = mpsc::channel::<()>();
        scope.spawn(move || {
            wait_without_reaping(pid);
            drop(running);
        });
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK_EVERY) {
            follow();
        }
    });
}

/// The process number stays taken until the child is reaped, so a signal sent meanwhile cannot
/// reach a stranger.
fn wait_without_reaping(pid: Pid) {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    while waitid(Id::Pid(pid), flags) == Err(Errno::EINTR) {}
}

/// A regular file without a name, to capture output that may hold secrets.
pub(crate) fn nameless(directory: &Path) -> io::Result<File> {
    tempfile::tempfile_in(directory)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use super::*;

    fn sh(script: &str) -> Program {
        Program {
            path: "/bin/sh".into(),
            argv: ["-c", script].map(OsString::from).to_vec(),
            env: Env::from_iter([("PATH", "/usr/bin:/bin")]),
        }
    }

    fn output(script: &str) -> (Option<Exit>, String) {
        let dir = tempfile::tempdir().unwrap();
        let mut out = nameless(dir.path()).unwrap();
        let streams = (out.try_clone().unwrap(), out.try_clone().unwrap());
        let exit = run(&sh(script), streams, &Interrupt::default(), &mut || ()).unwrap();
        let mut text = String::new();
        out.rewind().unwrap();
        out.read_to_string(&mut text).unwrap();
        (exit, text)
    }

    #[test]
    fn the_child_has_its_own_group_no_input_and_a_private_umask() {
        let script = r#"umask; cat; [ "$(ps -o pgid= -p $$ | tr -d ' ')" = $$ ] && echo leader"#;
        assert_eq!(
            output(script),
            (Some(Exit::Code(0)), "0077\nleader\n".to_owned())
        );
    }

    #[test]
    fn a_hang_up_does_not_end_the_child() {
        assert_eq!(
            output("kill -HUP $$; echo alive"),
            (Some(Exit::Code(0)), "alive\n".to_owned())
        );
    }

    #[test]
    fn code_and_signal_are_told_apart() {
        assert_eq!(output("exit 3").0, Some(Exit::Code(3)));
        assert_eq!(output("kill -9 $$").0, Some(Exit::Signal(9)));
    }

    #[test]
    fn asking_interrupts_all_that_run() {
        let dir = tempfile::tempdir().unwrap();
        let interrupt = Interrupt::default();
        let ready = std::sync::Barrier::new(3);
        let until_told = |name: &str| {
            let log = dir.path().join(name);
            let file = files::new_file(&log, files::Mode::Private).unwrap();
            let mut tail = crate::tail::Tail::open(&log).unwrap();
            let mut meet = || {
                tail.read(&mut |_| {
                    ready.wait();
                })
                .unwrap();
            };
            let streams = (file.try_clone().unwrap(), file);
            let script = "trap 'kill $!; exit 7' INT; sleep 30 & echo ready; wait";
            run(&sh(script), streams, &interrupt, &mut meet).unwrap()
        };
        let ends = thread::scope(|scope| {
            let both = ["one", "other"].map(|name| scope.spawn(|| until_told(name)));
            ready.wait();
            interrupt.ask();
            both.map(|one| one.join().unwrap())
        });
        assert_eq!(ends, [Some(Exit::Code(7)); 2]);
    }

    #[test]
    fn asking_interrupts_once_and_insisting_again() {
        let program = sh(
            r"n=0; trap 'n=$((n+1)); echo int$n' INT; sleep 5 & echo ready
            while [ $n -lt 2 ]; do wait; done; kill $!; echo done",
        );
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let file = files::new_file(&log, files::Mode::Private).unwrap();
        let mut tail = crate::tail::Tail::open(&log).unwrap();
        let interrupt = Interrupt::default();
        let mut seen = Vec::new();
        let mut step = || {
            tail.read(&mut |line| seen.push(line.to_owned())).unwrap();
            match seen.last().map(String::as_str) {
                Some("ready") => {
                    interrupt.ask();
                    interrupt.ask();
                }
                Some("int1") => interrupt.insist(),
                _ => {}
            }
        };
        let streams = (file.try_clone().unwrap(), file);
        let exit = run(&program, streams, &interrupt.clone(), &mut step).unwrap();
        assert_eq!(seen, ["ready", "int1", "int2", "done"]);
        assert_eq!(exit, Some(Exit::Code(0)));
    }
}
