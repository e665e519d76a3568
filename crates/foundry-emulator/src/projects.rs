//! The projects of an emulator: any name is one, each with a store of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::connections;
use crate::identifiers::Identifiers;
use crate::store::Store;

/// All projects.
#[derive(Debug)]
pub(crate) struct Projects {
    seed: u64,
    stores: Mutex<HashMap<String, Arc<Mutex<Store>>>>,
}

impl Projects {
    /// No projects yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, stores: Mutex::default() }
    }

    /// The store of a project, made and furnished when first asked for.
    pub(crate) fn store(&self, project: &str) -> Arc<Mutex<Store>> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(project) {
            return Arc::clone(store);
        }
        let mut store = Store::new(Identifiers::new(self.seed, project));
        connections::furnish(&mut store, project);
        let store = Arc::new(Mutex::new(store));
        stores.insert(project.to_owned(), Arc::clone(&store));
        store
    }
}
