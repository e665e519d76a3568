//! What one project holds: collections of JSON values in the order of their making.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::identifiers::Identifiers;
use crate::script::Plan;
use crate::tape::Tape;

/// One project.
#[derive(Debug)]
pub(crate) struct Store {
    /// Makes the ids of new records.
    pub(crate) identifiers: Identifiers,
    /// The number of the next record, over all collections.
    next_position: u64,
    /// Tells those who stream runs that something may have happened to one.
    changed: watch::Sender<()>,
    /// By name; a name such as `threads/messages` says below what a collection stands.
    collections: BTreeMap<&'static str, Collection>,
}

/// Where a record is: its collection, the ids of what it stands below, outermost first, its id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) collection: &'static str,
    pub(crate) parents: &'a [String],
    pub(crate) id: &'a str,
}

/// A record of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a> {
    /// Larger for what was made later.
    pub(crate) position: u64,
    pub(crate) id: &'a str,
    pub(crate) value: &'a Value,
}

#[derive(Debug, Default)]
struct Collection {
    /// Sorted, so that what stands below a record is found without looking at all the rest.
    groups: BTreeMap<Vec<String>, Group>,
}

/// The records of a collection below one parent.
#[derive(Debug, Default)]
struct Group {
    records: BTreeMap<u64, (String, Value)>,
    /// Keeps the places of deleted records, so that a caller may delete while listing.
    positions: HashMap<String, u64>,
    /// The bytes that belong to a record, such as those of a file.
    contents: HashMap<String, Content>,
    /// What the runs among the records do next.
    plans: HashMap<String, Plan>,
    /// What the responses among the records have told.
    tapes: HashMap<String, Tape>,
}

/// Bytes that show only their length: they may be many, and they are the caller's.
#[derive(Clone)]
pub(crate) struct Content(pub(crate) Bytes);

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes", self.0.len())
    }
}

impl Store {
    /// An empty store.
    pub(crate) fn new(identifiers: Identifiers) -> Self {
        Self { identifiers, next_position: 0, changed: watch::Sender::new(()), collections: BTreeMap::new() }
    }

    /// Wakes the streams that wait.
    pub(crate) fn wake(&self) {
        self.changed.send_replace(());
    }

    /// Learns when streams are to wake.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Adds a record at the end, or puts another value at the place of one that is there.
    pub(crate) fn put(&mut self, place: Place<'_>, value: Value) {
        let group =
            self.collections.entry(place.collection).or_default().groups.entry(place.parents.to_vec()).or_default();
        if let Some(position) = group.positions.get(place.id)
            && let Some((_, known)) = group.records.get_mut(position)
        {
            *known = value;
            return;
        }
        let position = self.next_position;
        self.next_position += 1;
        group.positions.insert(place.id.to_owned(), position);
        group.records.insert(position, (place.id.to_owned(), value));
    }

    /// A record.
    pub(crate) fn get(&self, place: Place<'_>) -> Option<&Value> {
        let group = self.group(place.collection, place.parents)?;
        let position = group.positions.get(place.id)?;
        group.records.get(position).map(|(_, value)| value)
    }

    /// A record, to be changed where it is.
    pub(crate) fn get_mut(&mut self, place: Place<'_>) -> Option<&mut Value> {
        let group = self.collections.get_mut(place.collection)?.groups.get_mut(place.parents)?;
        let position = group.positions.get(place.id)?;
        group.records.get_mut(position).map(|(_, value)| value)
    }

    /// Lays bytes beside a record that is there; they go when it goes.
    pub(crate) fn put_content(&mut self, place: Place<'_>, content: Bytes) {
        let group = self.collections.get_mut(place.collection).and_then(|known| known.groups.get_mut(place.parents));
        if let Some(group) = group {
            group.contents.insert(place.id.to_owned(), Content(content));
        }
    }

    /// The bytes beside a record.
    pub(crate) fn content(&self, place: Place<'_>) -> Option<Bytes> {
        let group = self.group(place.collection, place.parents)?;
        group.contents.get(place.id).map(|content| content.0.clone())
    }

    /// Lays beside a run that is there what it does next; it goes when the run goes.
    pub(crate) fn put_plan(&mut self, place: Place<'_>, plan: Plan) {
        let group = self.collections.get_mut(place.collection).and_then(|known| known.groups.get_mut(place.parents));
        if let Some(group) = group {
            group.plans.insert(place.id.to_owned(), plan);
        }
    }

    /// What a run does next; none if it has not begun or has ended.
    pub(crate) fn plan(&self, place: Place<'_>) -> Option<&Plan> {
        self.group(place.collection, place.parents)?.plans.get(place.id)
    }

    /// The same, to be changed.
    pub(crate) fn plan_mut(&mut self, place: Place<'_>) -> Option<&mut Plan> {
        self.collections.get_mut(place.collection)?.groups.get_mut(place.parents)?.plans.get_mut(place.id)
    }

    /// Takes away what a run does next; none if it has not begun or has ended.
    pub(crate) fn take_plan(&mut self, place: Place<'_>) -> Option<Plan> {
        self.collections.get_mut(place.collection)?.groups.get_mut(place.parents)?.plans.remove(place.id)
    }

    /// What a response that is there has told.
    pub(crate) fn tape(&mut self, place: Place<'_>) -> Option<&mut Tape> {
        let group = self.collections.get_mut(place.collection)?.groups.get_mut(place.parents)?;
        group.positions.get(place.id).filter(|position| group.records.contains_key(position))?;
        Some(group.tapes.entry(place.id.to_owned()).or_default())
    }

    /// Takes a record out, with its bytes and everything below it.
    pub(crate) fn remove(&mut self, place: Place<'_>) -> Option<Value> {
        let group = self.collections.get_mut(place.collection)?.groups.get_mut(place.parents)?;
        let position = group.positions.get(place.id)?;
        let (_, value) = group.records.remove(position)?;
        group.contents.remove(place.id);
        group.plans.remove(place.id);
        group.tapes.remove(place.id);
        self.changed.send_replace(());
        let mut chain = place.parents.to_vec();
        chain.push(place.id.to_owned());
        for (name, collection) in &mut self.collections {
            let is_below = name.strip_prefix(place.collection).is_some_and(|rest| rest.starts_with('/'));
            if is_below {
                // What begins with the chain stands together.
                let below: Vec<Vec<String>> = collection
                    .groups
                    .range(chain.clone()..)
                    .map(|(parents, _)| parents)
                    .take_while(|parents| parents.starts_with(&chain))
                    .cloned()
                    .collect();
                for parents in below {
                    collection.groups.remove(&parents);
                }
            }
        }
        Some(value)
    }

    /// The records of a collection below one parent, oldest first.
    pub(crate) fn list(&self, collection: &str, parents: &[String]) -> Vec<Listed<'_>> {
        self.group(collection, parents)
            .into_iter()
            .flat_map(|group| &group.records)
            .map(|(position, (id, value))| Listed { position: *position, id, value })
            .collect()
    }

    /// The newest record of a collection below one parent.
    pub(crate) fn newest(&self, collection: &str, parents: &[String]) -> Option<Listed<'_>> {
        let (position, (id, value)) = self.group(collection, parents)?.records.last_key_value()?;
        Some(Listed { position: *position, id, value })
    }

    /// Every record of a collection, whatever it stands below, oldest first.
    pub(crate) fn list_all(&self, collection: &str) -> Vec<Listed<'_>> {
        let mut records: Vec<Listed<'_>> = self
            .collections
            .get(collection)
            .into_iter()
            .flat_map(|collection| collection.groups.values())
            .flat_map(|group| &group.records)
            .map(|(position, (id, value))| Listed { position: *position, id, value })
            .collect();
        records.sort_by_key(|record| record.position);
        records
    }

    /// The place in the order of a record that is or was there.
    pub(crate) fn position(&self, place: Place<'_>) -> Option<u64> {
        let group = self.group(place.collection, place.parents)?;
        group.positions.get(place.id).copied()
    }

    fn group(&self, collection: &str, parents: &[String]) -> Option<&Group> {
        self.collections.get(collection)?.groups.get(parents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn store() -> Store {
        Store::new(Identifiers::new(0, "demo"))
    }

    fn place<'a>(collection: &'static str, parents: &'a [String], id: &'a str) -> Place<'a> {
        Place { collection, parents, id }
    }

    #[test]
    fn records_are_listed_in_the_order_of_their_making() {
        let mut store = store();
        for id in ["c", "a", "b"] {
            store.put(place("threads", &[], id), json!(id));
        }
        store.put(place("threads", &[], "c"), json!("changed"));
        let ids: Vec<&str> = store.list("threads", &[]).iter().map(|one| one.id).collect();
        assert_eq!(ids, ["c", "a", "b"]);
        assert_eq!(store.newest("threads", &[]).map(|one| one.id), Some("b"));
        store.remove(place("threads", &[], "b"));
        assert_eq!(store.newest("threads", &[]).map(|one| one.id), Some("a"));
        assert!(store.newest("threads/runs", &[]).is_none());
        assert_eq!(store.get(place("threads", &[], "c")), Some(&json!("changed")));
    }

    #[test]
    fn what_stands_below_goes_with_its_parent_and_nothing_else() {
        let mut store = store();
        let first = ["first".to_owned()];
        // Sorted right behind what stands below the first.
        let second = ["first ".to_owned()];
        let run = ["first".to_owned(), "run".to_owned()];
        store.put(place("threads", &[], "first"), json!(1));
        store.put(place("threads", &[], "first "), json!(2));
        store.put(place("threads/runs", &first, "run"), json!(3));
        store.put(place("threads/runs/steps", &run, "step"), json!(4));
        store.put(place("threads/runs", &second, "run"), json!(5));
        store.put(place("threadsuits", &first, "run"), json!(6));

        assert_eq!(store.remove(place("threads", &[], "first")), Some(json!(1)));
        assert_eq!(store.get(place("threads/runs", &first, "run")), None);
        assert_eq!(store.get(place("threads/runs/steps", &run, "step")), None);
        assert_eq!(store.get(place("threads/runs", &second, "run")), Some(&json!(5)));
        assert_eq!(store.get(place("threadsuits", &first, "run")), Some(&json!(6)));
        assert_eq!(store.remove(place("threads", &[], "first")), None);
    }

    #[test]
    fn bytes_go_with_their_record_and_are_not_shown() {
        let mut store = store();
        let file = place("files", &[], "a");
        store.put(file, json!(1));
        store.put_content(file, Bytes::from_static(b"very private"));
        assert_eq!(store.content(file), Some(Bytes::from_static(b"very private")));
        assert!(format!("{store:?}").contains("12 bytes"));
        assert!(!format!("{store:?}").contains("private"));
        store.remove(file);
        assert_eq!(store.content(file), None);
    }

    #[test]
    fn a_deleted_record_keeps_its_place() {
        let mut store = store();
        store.put(place("threads", &[], "a"), json!(1));
        store.put(place("threads", &[], "b"), json!(2));
        let position = store.position(place("threads", &[], "a"));
        store.remove(place("threads", &[], "a"));
        assert_eq!(store.position(place("threads", &[], "a")), position);
        assert_eq!(store.get(place("threads", &[], "a")), None);
    }
}
