//! Markers inside a description that belongs to the user.

use super::text::{CLOSE, OPEN, parse};
use super::{Found, Marker};

/// The longest description that Proxmox accepts, in characters.
pub const MAX_NOTES: usize = 8192;

/// The user's own text leaves no room for the marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotesTooLong {
    /// How long the description would become, in characters.
    pub characters: usize,
}

/// Finds the marker in a description.
///
/// Two markers that differ are worth none: nobody can say which one is true.
pub fn find(notes: &str) -> Found {
    let mut found = Found::Nothing;
    for region in regions(notes) {
        let next = match region.inner {
            Some(inner) => parse(inner),
            None => Found::Damaged("its end is missing"),
        };
        found = match (found, next) {
            (Found::Nothing, next) => next,
            (first, next) if first == next => first,
            (Found::Newer(format), _) | (_, Found::Newer(format)) => Found::Newer(format),
            _ => Found::Damaged("the description holds several that differ"),
        };
    }
    found
}

/// Puts the marker into the description and keeps every word of the user.
///
/// The first marker is replaced where it stands and all others are taken out; where there is none,
/// a line for human readers and the marker come first. The result is what Proxmox will give back.
pub fn embed(notes: &str, marker: &Marker) -> Result<String, NotesTooLong> {
    let mut rest = notes;
    let mut text = String::new();
    let mut placed = false;
    while let Some(region) = next_region(rest) {
        text.push_str(region.before);
        // A line break, because no two pieces of text joined by one can form a new marker.
        text.push_str(&if placed {
            "\n".to_owned()
        } else {
            marker.print()
        });
        placed = true;
        rest = region.after;
    }
    text.push_str(rest);
    if !placed {
        text = format!(
            "{}\n{}\n\n{}",
            headline(marker),
            marker.print(),
            notes.trim_start()
        );
    }
    let text = text.trim_end().to_owned();
    match text.chars().count() {
        characters if characters > MAX_NOTES => Err(NotesTooLong { characters }),
        _ => Ok(text),
    }
}

fn headline(marker: &Marker) -> String {
    let key = &marker.key;
    format!(
        "VM {} {} of environment {}, managed by Terraform (em-infra). Please keep the comment below.",
        key.vmid, key.name, key.env_name
    )
}

struct Region<'a> {
    before: &'a str,
    /// Missing where the comment does not end on its line.
    inner: Option<&'a str>,
    after: &'a str,
}

fn next_region(notes: &str) -> Option<Region<'_>> {
    let (before, tail) = notes.split_once(OPEN)?;
    let line = &tail[..tail.find('\n').unwrap_or(tail.len())];
    Some(match line.split_once(CLOSE) {
        Some((inner, _)) => Region {
            before,
            inner: Some(inner),
            after: &tail[inner.len() + CLOSE.len()..],
        },
        None => Region {
            before,
            inner: None,
            after: &tail[line.len()..],
        },
    })
}

fn regions(notes: &str) -> impl Iterator<Item = Region<'_>> {
    let mut rest = notes;
    std::iter::from_fn(move || {
        let region = next_region(rest)?;
        rest = region.after;
        Some(region)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::marker::{AttemptId, MarkerKey};
    use crate::{AddressMode, Addressing, Argument, CloneMode, Origin, Role};

    fn marker() -> impl Strategy<Value = Marker> {
        let text = ".{0,12}";
        let addressing = proptest::option::of(Just(Addressing {
            mode: Some(AddressMode::DhcpReserved),
            address: "192.0.2.11".parse().ok(),
            prefix_length: Some(24),
            gateway: None,
            nameservers: Some(vec!["192.0.2.1".into(), "dns.example".into()]),
        }));
        let key = (text, text, 100_u32..999_999_999).prop_map(|(env_name, name, vmid)| MarkerKey {
            env_name,
            name,
            vmid: vmid.to_string().parse().expect("a VMID"),
        });
        let optional = || proptest::option::of(text);
        let origin = (text, optional(), optional()).prop_map(|(template, pool, talos_version)| {
            let (clone, role) = (Some(CloneMode::Full), Some(Role::Worker));
            Origin {
                template,
                clone,
                pool,
                role,
                talos_version,
            }
        });
        let managed = proptest::sample::subsequence(Argument::ALL.to_vec(), 0..Argument::ALL.len());
        let device = ("[A-Za-z][A-Za-z0-9_-]{1,8}", 0..32_u8).prop_map(|(mapping, slot)| {
            let address = format!("0000:01:{slot:02x}");
            (
                mapping.parse().expect("a name"),
                address.parse().expect("an address"),
            )
        });
        let devices = proptest::collection::vec(device, 0..3).prop_map(BTreeMap::from_iter);
        (key, origin, addressing, devices, managed, any::<u128>()).prop_map(
            |(key, origin, reserved, devices, managed, attempt)| Marker {
                key,
                origin,
                reserved,
                devices,
                managed: BTreeSet::from_iter(managed),
                attempt: AttemptId(Uuid::from_u128(attempt)),
            },
        )
    }

    /// Text of users, also text that looks much like a marker.
    fn notes() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => ".{0,20}".boxed(),
            1 => Just("\n".to_owned()).boxed(),
            1 => Just("<!-- em-infra:".to_owned()).boxed(),
            1 => Just("<!-- em-infra:1 env=a -->".to_owned()).boxed(),
            1 => Just("-->".to_owned()).boxed(),
            1 => Just("em-infra:".to_owned()).boxed(),
            1 => Just("<!-- ".to_owned()).boxed(),
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    fn found(marker: &Marker) -> Found {
        Found::Marker(Box::new(marker.clone()))
    }

    proptest! {
        #[test]
        fn a_marker_is_found_again_in_any_notes(notes in notes(), marker in marker()) {
            let text = embed(&notes, &marker).expect("short");
            prop_assert_eq!(find(&text), found(&marker), "{}", text);
            prop_assert_eq!(embed(&text, &marker), Ok(text));
        }

        #[test]
        fn the_users_own_text_stays(before in "[a-z\n ]{0,20}", after in "[a-z\n ]{0,20}",
                                    old in marker(), new in marker()) {
            let notes = format!("{before}{}{after}", old.print());
            let expected = format!("{before}{}{after}", new.print());
            prop_assert_eq!(embed(&notes, &new), Ok(expected.trim_end().to_owned()));
        }

        #[test]
        fn no_edit_of_a_marker_is_believed(marker in marker(), at in any::<proptest::sample::Index>(), to in "[a-z0-9=,]") {
            let printed = marker.print();
            let places: Vec<usize> = printed.char_indices().map(|(place, _)| place).collect();
            let place = places[at.index(places.len())];
            let mut edited = printed.clone();
            edited.replace_range(place..=place, &to);
            prop_assume!(edited != printed);
            let still = find(&edited);
            prop_assert!(!matches!(still, Found::Marker(_)), "{}\n{}", printed, edited);
        }

        #[test]
        fn no_text_panics(notes in any::<String>()) {
            find(&notes);
        }
    }

    #[test]
    fn the_format_is_fixed() {
        let marker = Marker {
            key: MarkerKey {
                env_name: "k3s-dev".into(),
                name: "k3s-dev-worker-1".into(),
                vmid: "8010".parse().expect("a VMID"),
            },
            attempt: AttemptId(Uuid::from_u128(0x2a)),
            origin: Origin {
                template: "talos v1.13 (nocloud)".into(),
                clone: Some(CloneMode::Full),
                pool: None,
                role: Some(Role::Worker),
                talos_version: Some("v1.13.0".into()),
            },
            reserved: None,
            devices: BTreeMap::from([(
                "gpu0".parse().expect("a name"),
                "0000:01:00".parse().expect("an address"),
            )]),
            managed: BTreeSet::from([Argument::Cores, Argument::Uuid]),
        };
        insta::assert_snapshot!(embed("my notes", &marker).expect("short"), @r#"
        VM 8010 k3s-dev-worker-1 of environment k3s-dev, managed by Terraform (em-infra). Please keep the comment below.
        <!-- em-infra:1 env=k3s-dev name=k3s-dev-worker-1 vmid=8010 attempt=0000000000000000000000000000002a template=talos%20v1.13%20%28nocloud%29 clone=full role=worker talos=v1.13.0 devices=gpu0@0000:01:00 manages=cores,uuid sum=0fc2744e -->

        my notes
        "#);
    }

    #[test]
    fn what_is_in_the_way_of_a_marker_is_told_apart() {
        let one = "<!-- em-infra:1 env=a -->";
        assert_eq!(find("nothing"), Found::Nothing);
        assert_eq!(find("<!-- em-infra:2 x=y -->"), Found::Newer(2));
        assert_eq!(find(one), Found::Damaged("its check sum is missing"));
        assert_eq!(
            find("<!-- em-infra:0 -->"),
            Found::Damaged("its format number was never in use")
        );
        assert_eq!(
            find("<!-- em-infra: -->"),
            Found::Damaged("it has no format number")
        );
        assert_eq!(
            find("<!-- em-infra:1 env=a\n-->"),
            Found::Damaged("its end is missing")
        );
        assert_eq!(find(&format!("{one}<!-- em-infra:9 -->")), Found::Newer(9));
    }

    #[test]
    fn a_marker_needs_room() {
        let notes = "x".repeat(MAX_NOTES);
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let marker =
            proptest::strategy::Strategy::new_tree(&marker(), &mut runner).expect("a marker");
        let marker = proptest::strategy::ValueTree::current(&marker);
        let error = embed(&notes, &marker).expect_err("too long");
        assert!(error.characters > MAX_NOTES);
    }
}
