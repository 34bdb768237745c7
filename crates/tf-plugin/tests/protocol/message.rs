//! Protocol buffers by field number: just enough to ask and to look at answers.

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Message(Vec<(u32, Field)>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field {
    Varint(u64),
    Bytes(Vec<u8>),
}

impl Message {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn varint(mut self, number: u32, value: u64) -> Self {
        self.0.push((number, Field::Varint(value)));
        self
    }

    pub(crate) fn bytes(mut self, number: u32, value: impl AsRef<[u8]>) -> Self {
        self.0.push((number, Field::Bytes(value.as_ref().to_vec())));
        self
    }

    pub(crate) fn message(self, number: u32, value: &Self) -> Self {
        self.bytes(number, value.encode())
    }

    /// A value in the binary encoding.
    pub(crate) fn value(self, number: u32, msgpack: impl AsRef<[u8]>) -> Self {
        self.message(number, &Self::new().bytes(1, msgpack))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, field) in &self.0 {
            match field {
                Field::Varint(value) => {
                    put(&mut bytes, u64::from(number << 3));
                    put(&mut bytes, *value);
                }
                Field::Bytes(value) => {
                    put(&mut bytes, u64::from(number << 3 | 2));
                    put(&mut bytes, value.len() as u64);
                    bytes.extend(value);
                }
            }
        }
        bytes
    }

    pub(crate) fn decode(mut bytes: &[u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = take(&mut bytes);
            let number = u32::try_from(key >> 3).expect("a field number");
            let value = take(&mut bytes);
            match key & 7 {
                0 => fields.push((number, Field::Varint(value))),
                2 => {
                    let length = usize::try_from(value).expect("a length");
                    let (value, rest) = bytes.split_at(length);
                    fields.push((number, Field::Bytes(value.to_vec())));
                    bytes = rest;
                }
                other => panic!("wire type {other} is not used by the protocol"),
            }
        }
        Self(fields)
    }

    pub(crate) fn all(&self, number: u32) -> Vec<&[u8]> {
        let hits = self.0.iter().filter(|(found, _)| *found == number);
        hits.filter_map(|(_, field)| match field {
            Field::Bytes(bytes) => Some(bytes.as_slice()),
            Field::Varint(_) => None,
        })
        .collect()
    }

    pub(crate) fn raw(&self, number: u32) -> &[u8] {
        self.all(number).last().copied().unwrap_or_default()
    }

    pub(crate) fn text(&self, number: u32) -> String {
        String::from_utf8(self.raw(number).to_vec()).expect("text")
    }

    pub(crate) fn number(&self, number: u32) -> u64 {
        self.0
            .iter()
            .find_map(|(found, field)| match field {
                Field::Varint(value) if *found == number => Some(*value),
                _ => None,
            })
            .unwrap_or_default()
    }

    pub(crate) fn inner(&self, number: u32) -> Self {
        Self::decode(self.raw(number))
    }

    pub(crate) fn inners(&self, number: u32) -> Vec<Self> {
        self.all(number).into_iter().map(Self::decode).collect()
    }

    /// The entry of a map field.
    pub(crate) fn entry(&self, number: u32, key: &str) -> Self {
        let entries = self.inners(number);
        let hit = entries
            .iter()
            .find(|entry| entry.text(1) == key)
            .expect("the entry is there");
        hit.inner(2)
    }

    /// The value in the binary encoding.
    pub(crate) fn msgpack(&self, number: u32) -> Vec<u8> {
        self.inner(number).raw(1).to_vec()
    }

    /// Summaries and details of the diagnostics in this field, with severity and path steps.
    pub(crate) fn diagnostics(&self, number: u32) -> Vec<String> {
        self.inners(number).iter().map(diagnostic).collect()
    }
}

fn diagnostic(message: &Message) -> String {
    let severity = match message.number(1) {
        1 => "error",
        2 => "warning",
        _ => "?",
    };
    let steps = message.inner(4).inners(1);
    let path: Vec<_> = steps.iter().map(step).collect();
    format!(
        "{severity} at {}: {}: {}",
        path.join("/"),
        message.text(2),
        message.text(3)
    )
}

fn step(step: &Message) -> String {
    match &step.0[0] {
        (3, Field::Varint(index)) => index.to_string(),
        (1, _) => step.text(1),
        (2, _) => format!("[{}]", step.text(2)),
        other => panic!("no step: {other:?}"),
    }
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return bytes.push(low & 0x7f);
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (first, rest) = bytes.split_first().expect("a whole varint");
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}
