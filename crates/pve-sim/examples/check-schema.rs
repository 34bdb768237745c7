//! Compares the parameter tables with a published schema: `check-schema 9.2 FILE`.

use std::process::ExitCode;

use pve_sim::{PveVersion, compare_with_schema};

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool talks to its caller"
)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [release, file] = arguments.as_slice() else {
        eprintln!("usage: check-schema 8.4|9.2 FILE");
        return ExitCode::from(2);
    };
    let version = if release == "8.4" {
        PveVersion::V8_4
    } else {
        PveVersion::V9_2
    };
    let compared = std::fs::read_to_string(file)
        .map_err(|error| error.to_string())
        .and_then(|text| compare_with_schema(&text, version).map_err(|error| error.to_string()));
    match compared {
        Ok(comparison) => {
            comparison
                .differences
                .iter()
                .for_each(|line| println!("{line}"));
            println!(
                "{} methods and {} parameters compared, {} differences",
                comparison.methods,
                comparison.parameters,
                comparison.differences.len()
            );
            ExitCode::from(u8::from(!comparison.differences.is_empty()))
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::from(2)
        }
    }
}
