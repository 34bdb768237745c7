//! The options of a machine's configuration: a small sorted list, for there are many machines.

/// Options sorted by key, values as the configuration file holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options(Vec<(Box<str>, Box<str>)>);

impl Options {
    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(known, _)| known.as_ref().cmp(key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let index = self.find(key).ok()?;
        self.0.get(index).map(|(_, value)| value.as_ref())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn put(&mut self, key: &str, value: &str) {
        match self.find(key) {
            Ok(index) => self.0[index].1 = value.into(),
            Err(index) => self.0.insert(index, (key.into(), value.into())),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<String> {
        let index = self.find(key).ok()?;
        Some(self.0.remove(index).1.into())
    }

    pub(crate) fn put_or_remove(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.put(key, value),
            None => {
                self.remove(key);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_ref())
    }

    /// Whether an option is switched on; an absent one is not.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.get(key) == Some("1")
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Options {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut options = Self::default();
        for (key, value) in pairs {
            options.put(key.as_ref(), value.as_ref());
        }
        options
    }
}
