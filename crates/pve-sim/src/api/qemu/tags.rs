//! Tags of a machine.

use crate::schema::split_list;
use crate::world::World;

/// The tags of an option.
pub(super) fn tag_list(tags: &str) -> Vec<String> {
    split_list(tags).map(str::to_owned).collect()
}

/// Tags that were added or taken away.
pub(super) fn changed_tags(old: Option<&str>, new: &str) -> Vec<String> {
    let (old, new) = (tag_list(old.unwrap_or_default()), tag_list(new));
    let gone = old.iter().filter(|tag| !new.contains(tag));
    let added = new.iter().filter(|tag| !old.contains(tag));
    gone.chain(added).cloned().collect()
}

/// Tags as the datacenter's style has them: usually lower case, sorted, each once.
pub(super) fn unique_tags(world: &World, tags: &str) -> String {
    let style = world.datacenter.get("tag-style").map_or("", String::as_str);
    let has = |setting: &str| style.split(',').any(|part| part == setting);
    let mut unique: Vec<String> = Vec::new();
    for tag in split_list(tags) {
        let tag = if has("case-sensitive=1") {
            tag.to_owned()
        } else {
            tag.to_lowercase()
        };
        if !unique.contains(&tag) {
            unique.push(tag);
        }
    }
    if !has("ordering=config") {
        unique.sort();
    }
    unique.join(";")
}
