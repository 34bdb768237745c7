//! A running simulator: starting, looking inside, changing, stepping the clock, stopping.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::auth::Keys;
use crate::clock::{Clock, SimTime, Ticker};
use crate::fault::{Fault, Faults};
use crate::http;
use crate::journal::Entry;
use crate::scenario::Scenario;
use crate::tls::{Identity, Leaves, TlsError};
use crate::world::World;

/// The journal keeps this many requests.
const JOURNALLED: usize = 100_000;

/// How to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The host to simulate.
    pub scenario: Scenario,
    /// How time passes.
    pub clock: Clock,
    /// Where to listen, such as `127.0.0.1:0`.
    pub listen: String,
}

impl Config {
    /// A scenario on a free port of the loopback with a stepped clock, for tests.
    pub fn stepped(scenario: Scenario) -> Self {
        Self {
            scenario,
            clock: Clock::Stepped,
            listen: "127.0.0.1:0".to_owned(),
        }
    }

    /// A scenario on a free port of the loopback in real time, `speed` times as fast.
    pub fn real(scenario: Scenario, speed: f64) -> Self {
        Self {
            clock: Clock::Real { speed },
            ..Self::stepped(scenario)
        }
    }
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not one.
    #[error("failed to listen on `{address}`")]
    Listen {
        /// What was asked for.
        address: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Everything a request needs; behind one lock, for handlers are short and never wait inside.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) ticker: Ticker,
    pub(crate) journal: VecDeque<Entry>,
    /// Who is told of each request as it ends.
    followers: Vec<mpsc::UnboundedSender<Entry>>,
    pub(crate) faults: Faults,
    /// Requests that wait, and until when at the latest.
    pub(crate) parked: BTreeMap<u64, SimTime>,
    next_parked: u64,
}

pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) keys: Keys,
    leaves: Arc<Leaves>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A handler that panicked left the world as it was at that moment: still usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows another certificate to new connections; gives its fingerprint.
    pub(crate) fn renew_certificate(&self) -> Result<String, TlsError> {
        let fingerprint = self.leaves.renew()?;
        self.lock().world.fingerprint.clone_from(&fingerprint);
        Ok(fingerprint)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn changed(&self) {
        self.changes
            .send_modify(|version| *version = version.wrapping_add(1));
    }
}

impl State {
    /// Brings the world to the present.
    pub(crate) fn tick(&mut self) -> SimTime {
        let now = self.ticker.now();
        self.world.run_until(now);
        now
    }

    pub(crate) fn park(&mut self, until: SimTime) -> u64 {
        self.next_parked += 1;
        self.parked.insert(self.next_parked, until);
        self.next_parked
    }

    /// Keeps a request that has ended, and tells those who follow.
    pub(crate) fn journalise(&mut self, entry: Entry) {
        self.followers
            .retain(|follower| follower.send(entry.clone()).is_ok());
        if self.journal.len() >= JOURNALLED {
            self.journal.pop_front();
        }
        self.journal.push_back(entry);
    }

    /// The next moment at which something happens without a new request.
    fn next_event(&self) -> Option<SimTime> {
        self.parked
            .values()
            .copied()
            .chain(self.world.next_event())
            .min()
    }
}

/// A simulated Proxmox VE host that serves its API until it is shut down or dropped.
pub struct Sim {
    shared: Arc<Shared>,
    address: SocketAddr,
    ca_pem: String,
    fingerprint: String,
    tokens: BTreeMap<String, (String, String)>,
    server: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Sim {
    /// Starts serving inside the current tokio runtime.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listen = |source| StartError::Listen {
            address: config.listen.clone(),
            source,
        };
        let listener = TcpListener::bind(&config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let tokens = config.scenario.tokens.clone();
        let seed = config.scenario.seed;
        let mut faults = Faults::default();
        config
            .scenario
            .faults
            .iter()
            .for_each(|fault| faults.add(fault.clone()));
        let mut world = config.scenario.into_world();
        let identity = Identity::generate(world.node(), address.ip())?;
        world.fingerprint.clone_from(&identity.fingerprint);
        let state = State {
            ticker: Ticker::start(config.clock, world.now),
            world,
            journal: VecDeque::new(),
            followers: Vec::new(),
            faults,
            parked: BTreeMap::new(),
            next_parked: 0,
        };
        let (changes, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            keys: Keys::new(seed),
            leaves: identity.leaves,
            changes,
        });
        let (stop, stopped) = watch::channel(false);
        let serving = http::serve(Arc::clone(&shared), listener, identity.server, stopped);
        Ok(Self {
            shared,
            address,
            ca_pem: identity.ca_pem,
            fingerprint: identity.fingerprint,
            tokens,
            server: Some(tokio::spawn(serving)),
            stop,
        })
    }

    /// The endpoint, such as `https://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// SHA-256 of the certificate it started with, `AA:BB:…`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The CA certificate that signed the server's.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Id and secret of a token the scenario names, such as `terraform`.
    pub fn token(&self, name: &str) -> Option<(String, String)> {
        self.tokens.get(name).cloned()
    }

    /// The names of the scenario's tokens.
    pub fn token_names(&self) -> impl Iterator<Item = &str> {
        self.tokens.keys().map(String::as_str)
    }

    /// Reads the world as it is now.
    pub fn world<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        let mut state = self.shared.lock();
        state.tick();
        read(&state.world)
    }

    /// Changes the world behind the API's back, as a person at the host's console would.
    pub fn edit<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let changed = {
            let mut state = self.shared.lock();
            let now = state.tick();
            let changed = change(&mut state.world);
            state.world.wake_blocked();
            state.world.run_until(now);
            changed
        };
        self.shared.changed();
        changed
    }

    /// The requests so far, in the order of their ends; of very many the last 100,000.
    pub fn journal(&self) -> Vec<Entry> {
        self.shared.lock().journal.iter().cloned().collect()
    }

    /// Every request from now on, as it ends, until the simulator is gone.
    pub fn follow_journal(&self) -> mpsc::UnboundedReceiver<Entry> {
        let (follower, entries) = mpsc::unbounded_channel();
        self.shared.lock().followers.push(follower);
        entries
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        self.shared.lock().journal.clear();
    }

    /// Lets time pass at once; with a real clock this is a jump.
    pub fn advance(&self, span: Duration) {
        {
            let mut state = self.shared.lock();
            state.ticker.advance(span);
            state.tick();
            // Whoever waits looks again and says anew until when.
            state.parked.clear();
        }
        self.shared.changed();
    }

    /// Moves a stepped clock to the next moment something happens by itself, if there is one.
    pub fn advance_to_next(&self) -> bool {
        let next = {
            let mut state = self.shared.lock();
            let now = state.tick();
            state.next_event().map(|at| at.since(now))
        };
        if let Some(span) = next {
            self.advance(span);
        }
        next.is_some()
    }

    /// Runs a client's call on a stepped clock, moving it whenever the simulator keeps a request waiting.
    pub async fn drive<F: Future>(&self, call: F) -> F::Output {
        let mut call = pin!(call);
        let mut changes = self.shared.watch();
        loop {
            let waits = !self.shared.lock().parked.is_empty();
            if waits {
                self.advance_to_next();
            }
            tokio::select! {
                biased;
                output = &mut call => return output,
                changed = changes.changed() => {
                    if changed.is_err() {
                        return call.await;
                    }
                }
            }
        }
    }

    /// Moves a stepped clock until a task has ended; gives its exit status.
    pub fn finish_task(&self, upid: &str) -> Option<String> {
        loop {
            let exit = self.world(|world| world.task(upid).map(|t| t.exit().map(str::to_owned)))?;
            if exit.is_some() {
                return exit;
            }
            if !self.advance_to_next() {
                return None;
            }
        }
    }

    /// Shows another certificate of the same CA from now on; gives its fingerprint.
    pub fn renew_certificate(&self) -> Result<String, StartError> {
        let fingerprint = self.shared.renew_certificate()?;
        self.shared.changed();
        Ok(fingerprint)
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// A ticket of a user and its CSRF token, made `age` ago, without a login.
    pub fn ticket(&self, user: &str, age: Duration) -> (String, String) {
        let now = self.shared.lock().tick();
        let made = SimTime(now.0.saturating_sub(SimTime(0).plus(age).0));
        (
            self.shared.keys.ticket(user, made),
            self.shared.keys.csrf(user, made),
        )
    }

    /// Stops listening and cuts the connections.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(server) = self.server.take() {
            // The only way it ends with an error is a panic, which has been printed.
            drop(server.await);
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
