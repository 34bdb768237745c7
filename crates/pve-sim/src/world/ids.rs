//! Values the server makes up: MACs, UUIDs, process ids. Deterministic from the scenario's seed.

/// A small generator (splitmix64); it needs to be even and repeatable, not secret.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    state: u64,
    pid: u32,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            pid: 1200,
        }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % count).unwrap_or_default()
    }

    pub(crate) fn uuid(&mut self) -> String {
        let bytes = (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }

    /// A MAC address in capitals behind `prefix` (`BC:24:11` unless the datacenter has its own).
    pub(crate) fn mac(&mut self, prefix: &str) -> String {
        let missing = 6_usize.saturating_sub(prefix.split(':').count());
        let random = self.next().to_be_bytes();
        let mut parts = vec![prefix.to_uppercase()];
        parts.extend(
            random
                .iter()
                .take(missing)
                .map(|byte| format!("{byte:02X}")),
        );
        parts.join(":")
    }

    pub(crate) fn pid(&mut self) -> u32 {
        self.pid = if self.pid > 4_000_000 {
            1200
        } else {
            self.pid + 7
        };
        self.pid
    }
}
