//! Ctrl-C while Terraform works.

use std::io::{self, BufRead as _, IsTerminal as _};

use tf_run::Interrupt;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::ui::Ui;

/// Listens for signals on a thread of its own, until the process ends.
///
/// The first Ctrl-C or SIGTERM is handed on to Terraform, which finishes the step it is at and saves. The second one
/// asks first: Terraform would end at once and forget what is in flight. A closed terminal (SIGHUP) is ignored, so
/// that the run and its record are finished.
pub(crate) fn listen(ui: Ui) -> io::Result<Interrupt> {
    let interrupt = Interrupt::default();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (mut stop, mut terminate, mut hang_up) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    let asked = interrupt.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = stop.recv() => on_stop(&asked, &ui),
                        _ = terminate.recv() => on_stop(&asked, &ui),
                        () = heard(&mut hang_up) => {}
                    }
                }
            });
        })?;
    Ok(interrupt)
}

async fn heard(signal: &mut Signal) {
    signal.recv().await;
}

fn on_stop(interrupt: &Interrupt, ui: &Ui) {
    if !interrupt.is_asked() {
        interrupt.ask();
        ui.status(
            "Stopping: Terraform finishes the step it is at and saves. Nothing is lost by waiting.",
        );
    } else if agreed(ui) {
        interrupt.insist();
    }
}

fn agreed(ui: &Ui) -> bool {
    if !io::stdin().is_terminal() {
        ui.status("Still stopping. Terraform is not ended by force: it would forget the VMs it is making.");
        return false;
    }
    ui.status("End Terraform at once? The state forgets the VMs in the making; the next plan takes them over. Only `yes` is taken as a yes:");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).is_ok() && line.trim() == "yes"
}
