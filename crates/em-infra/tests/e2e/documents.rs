//! Every console block of README and of the guide by hand, typed as it stands there.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tf_run::Env;

use crate::lab::{Lab, Said, em_infra};

/// Somebody at a terminal, at the root of a clean clone.
struct Person {
    lab: Lab,
    env: Env,
    host: Option<Child>,
    said: Vec<(String, Said)>,
}

impl Person {
    fn new() -> Self {
        let lab = Lab::new();
        std::fs::remove_file(lab.root().join("terraform.tfvars")).unwrap();
        let example = "terraform/environments/k3s-dev/terraform.tfvars.example";
        std::fs::copy(repository().join(example), lab.folder().join(example)).unwrap();
        Self {
            env: lab.env(),
            lab,
            host: None,
            said: Vec::new(),
        }
    }

    fn types_all_of(mut self, document: &str) -> Self {
        let text = std::fs::read_to_string(repository().join(document)).unwrap();
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("$ "))
            .collect();
        assert!(!lines.is_empty(), "{document} has console blocks");
        for line in lines {
            self.types(line);
        }
        self
    }

    fn types(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            // This is a part of it.
            ["cargo", "test", "--workspace"] => {}
            // The executable that the other lines run is what this one builds.
            ["cargo", "install", "--path", path] => {
                assert!(
                    repository().join(path).join("Cargo.toml").exists(),
                    "{line}"
                );
            }
            ["em-infra", "sim", "serve", rest @ ..] => self.serves(rest),
            ["cargo", "run", "--release", "--", rest @ ..] | ["em-infra", rest @ ..] => {
                self.runs(line, em_infra(), rest);
            }
            ["cp", from, to] => {
                let folder = self.lab.folder();
                std::fs::copy(folder.join(from), folder.join(to)).unwrap();
            }
            ["terraform", rest @ ..] => {
                let program = testkit::engine().program;
                self.runs(line, program.to_str().unwrap(), rest);
            }
            _ => panic!("nobody here can type `{line}`"),
        }
    }

    fn runs(&mut self, line: &str, program: &str, arguments: &[&str]) {
        let mut command = self.lab.command(program, arguments, &self.env);
        let (terminal, keyboard) = terminal();
        command.stdin(terminal);
        let said = Said::from(command.output().unwrap());
        drop(keyboard);
        self.said.push((line.to_owned(), said.succeeded()));
    }

    /// Starts the host of the guide, on a free port, and pastes the lines that it says to paste.
    fn serves(&mut self, arguments: &[&str]) {
        let arguments: Vec<&str> = arguments
            .iter()
            .map(|word| {
                if *word == "127.0.0.1:8006" {
                    "127.0.0.1:0"
                } else {
                    word
                }
            })
            .collect();
        let all = [&["sim", "serve"], arguments.as_slice()].concat();
        let mut command: Command = self.lab.command(em_infra(), &all, &self.env);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines {
            let line = line.unwrap();
            let Some((name, value)) = line
                .strip_prefix("export ")
                .and_then(|set| set.split_once('='))
            else {
                continue;
            };
            self.env.set(name, value.trim_matches('\''));
            if name == "TF_VAR_proxmox_api_token_secret" {
                break;
            }
        }
        self.host = Some(child);
    }

    fn heard(&self, line: &str) -> &str {
        let last = self.said.iter().rev().find(|(typed, _)| typed == line);
        let (_, said) = last.unwrap_or_else(|| panic!("`{line}` was not typed"));
        if said.stdout.is_empty() {
            &said.stderr
        } else {
            &said.stdout
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(mut host) = self.host.take() {
            let pid = Pid::from_raw(host.id().try_into().unwrap());
            kill(pid, Signal::SIGINT).unwrap();
            assert!(host.wait().unwrap().success(), "Ctrl-C ends the host");
        }
    }
}

/// A terminal on which `yes` was typed ahead.
fn terminal() -> (Stdio, File) {
    let pair = openpty(None, None).unwrap();
    let mut keyboard = File::from(pair.master);
    keyboard.write_all(b"yes\n").unwrap();
    (Stdio::from(pair.slave), keyboard)
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

const SECOND_PLAN: &str =
    "terraform -chdir=terraform/environments/k3s-dev plan -var-file=terraform.tfvars";

#[test]
fn readme_can_be_typed_as_it_stands() {
    let person = Person::new().types_all_of("README.md");
    let first = person.heard("cargo run --release -- gate --simulate");
    assert!(first.contains("\nsecond plan: no changes"), "{first}");
    assert!(person.heard(SECOND_PLAN).contains("No changes."));
    assert_eq!(person.lab.vms().len(), 3, "on the person's own host");
}

#[test]
fn the_guide_by_hand_can_be_typed_as_it_stands() {
    let person = Person::new().types_all_of("docs/guides/by-hand.md");
    assert!(person.heard(SECOND_PLAN).contains("No changes."));
    assert_eq!(
        person.lab.vms().len(),
        0,
        "the host of the guide is another"
    );
}
