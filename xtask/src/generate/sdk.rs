//! The SDK's side of all APIs: which groups stand where, what they hang from, and the modules they are in.
//!
//! A group whose operations another API has in just the same form is made once, and sends by whichever of
//! the APIs is compiled in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use heck::ToSnakeCase as _;

use super::api::{Api, Operation};
use super::builders::{self, Builder, Emitted};
use super::client::{self, Method};
use super::shared::is_interchangeable;
use super::sources::{Root, Sources};
use super::{Prepared, SHARED_HEADER, any};
use crate::failure::Failure;

/// What is made of all APIs for the SDK, and the clients it stands on.
pub(crate) struct Sdk {
    /// Of each API the files of its client, and its methods.
    clients: Vec<(BTreeMap<String, String>, Vec<Method>)>,
    /// Of each API its groups.
    groups: Vec<BTreeMap<String, Group>>,
    roots: Vec<Root>,
}

/// A group of an API.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// As the SDK calls it: `MemoryStores` of `BetaMemoryStores`.
    pub(super) name: String,
    pub(super) is_preview: bool,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    /// With its API.
    Own,
    /// These APIs have it alike; this is the first of them.
    Shared(BTreeSet<usize>),
    /// An earlier API has it alike.
    Earlier,
}

impl Sdk {
    /// Decides where groups stand, and names their methods and requests.
    pub(crate) fn new(apis: &mut [Api], prepared: &mut [Prepared], sources: &Sources) -> Result<Self, Failure> {
        let mut clients = Vec::new();
        let mut roots = Vec::new();
        for (api, prepared) in apis.iter().zip(prepared.iter_mut()) {
            let rust_names: BTreeMap<String, String> =
                api.types.iter().map(|(rust, definition)| (definition.document.clone(), rust.clone())).collect();
            let document = std::mem::take(&mut prepared.for_progenitor);
            clients.push(client::emit(api, document, &rust_names)?);
            roots.push(sources.get(&api.name)?.root);
        }
        let mut groups: Vec<BTreeMap<String, Group>> = Vec::new();
        for (index, api) in apis.iter().enumerate() {
            let source = sources.get(&api.name)?;
            let (preview, classic) = (source.preview.as_deref(), source.classic.as_deref());
            let mut own = BTreeMap::new();
            for (group, operations) in by_group(api) {
                let mut place = Place::Own;
                if classic.is_some_and(|prefix| group.starts_with(prefix)) {
                    let like = (0..index).find_map(|earlier| Some((earlier, alike(&apis[earlier], api, &operations)?)));
                    let first = like.and_then(|(earlier, there)| Some((earlier, groups[earlier].get_mut(&there)?)));
                    let Some((earlier, first)) = first.filter(|(_, first)| !matches!(first.place, Place::Earlier))
                    else {
                        return Err(Failure::new(
                            format!(
                                "the group {group} of {} is not as an earlier API has it: {}",
                                api.name,
                                unlike(&apis[..index], api, &operations)
                            ),
                            format!("openapi/{}/openapi.json", api.name),
                            "correct the overlay where it is meant to be equal, or give the operations another tag",
                        ));
                    };
                    place = Place::Earlier;
                    match &mut first.place {
                        Place::Shared(having) => {
                            having.insert(index);
                        }
                        other => *other = Place::Shared(BTreeSet::from([earlier, index])),
                    }
                }
                let stripped = preview.and_then(|prefix| group.strip_prefix(prefix)).filter(|rest| !rest.is_empty());
                let name = stripped.unwrap_or(group).to_owned();
                own.insert(group.to_owned(), Group { name, is_preview: stripped.is_some(), place });
            }
            groups.push(own);
        }
        for ((api, prepared), groups) in apis.iter_mut().zip(prepared).zip(&groups) {
            let is_made = |operation: &&Operation| !matches!(groups[&operation.group].place, Place::Earlier);
            // Previews are apart from what else has their name.
            let scope = |operation: &Operation| {
                let group = &groups[&operation.group];
                (group.name.clone(), group.is_preview)
            };
            let named: Vec<(&str, String, bool)> = api
                .operations
                .iter()
                .filter(is_made)
                .map(|operation| {
                    let (name, is_preview) = scope(operation);
                    (operation.id.as_str(), name, is_preview)
                })
                .collect();
            let grouped = named.iter().map(|(id, group, is_preview)| (*id, group.as_str(), *is_preview));
            let methods = prepared.names.fix_methods(grouped.clone())?;
            let builders = prepared.names.fix_builders(grouped)?;
            for operation in &mut api.operations {
                operation.sdk_method = methods.get(&operation.id).cloned().unwrap_or_default();
                operation.builder = builders.get(&operation.id).cloned().unwrap_or_default();
            }
        }
        Ok(Self { clients, groups, roots })
    }

    pub(crate) fn methods(&self, index: usize) -> &[Method] {
        &self.clients[index].1
    }

    pub(crate) fn client_files(&self, index: usize) -> BTreeMap<String, String> {
        self.clients[index].0.clone()
    }

    /// The builders of an API's groups that `is_wanted`.
    fn builders<'a>(
        &'a self,
        api: &'a Api,
        index: usize,
        is_wanted: impl Fn(&Place) -> bool,
    ) -> Result<Vec<Made<'a>>, Failure> {
        let mut found = Vec::new();
        let methods: builders::Methods<'_> =
            self.methods(index).iter().map(|method| ((method.operation.as_str(), method.is_twin), method)).collect();
        for (group, operations) in by_group(api) {
            let known = &self.groups[index][group];
            if is_wanted(&known.place) {
                let made: Result<Vec<Builder<'_>>, _> =
                    operations.into_iter().map(|operation| Builder::of(api, operation, &methods)).collect();
                found.push((known, group, made?));
            }
        }
        Ok(found)
    }

    /// What stands in an API's own module, and the test's list of all requests it is the first to have.
    pub(crate) fn requests(&self, api: &Api, index: usize) -> Result<Emitted, Failure> {
        let own = self.builders(api, index, |place| matches!(place, Place::Own))?;
        let all = self.builders(api, index, |place| !matches!(place, Place::Earlier))?;
        let (mut files, modules, accessors) = group_files(api, &own)?;
        let root = self.roots[index];
        let mut text = format!("//! Groups and requests of api-version {}.\n\n{modules}\n", api.name);
        text.push_str(USES);
        let _ = writeln!(text, "pub(crate) use foundry_raw::{} as api;\n", api.module);
        text.push_str(&raw(root, &[(api, String::new())]));
        text.push_str(&impls(root, api, &accessors));
        files.insert("mod.rs".to_owned(), text);
        let mut surface = String::new();
        for (group, _, builders) in &all {
            builders::surface(&mut surface, group, builders);
        }
        let listed: Vec<_> = all.iter().map(|(group, _, builders)| (*group, builders.as_slice())).collect();
        let calls = super::calls::emit(api, root, &listed);
        Ok(Emitted { files, surface, calls })
    }

    /// The sets of APIs that have groups alike, each with its module and the first of them.
    fn sets(&self, apis: &[Api]) -> BTreeMap<String, BTreeSet<usize>> {
        let mut sets = BTreeMap::new();
        for group in self.groups.iter().flat_map(BTreeMap::values) {
            if let Place::Shared(having) = &group.place {
                let module = having.iter().map(|index| apis[*index].module.as_str()).collect::<Vec<_>>().join("_and_");
                sets.insert(module, having.clone());
            }
        }
        sets
    }

    /// The files of the groups that several APIs have: path under their folder -> text.
    pub(crate) fn shared_files(&self, apis: &[Api]) -> Result<BTreeMap<String, String>, Failure> {
        let mut files = BTreeMap::new();
        let mut root = format!("{SHARED_HEADER}//! Groups that several APIs have, each once.\n");
        for (module, having) in self.sets(apis) {
            let first = having.first().copied().unwrap_or_default();
            let is_wanted = |place: &Place| matches!(place, Place::Shared(set) if *set == having);
            let builders = self.builders(&apis[first], first, is_wanted)?;
            let (of_groups, modules, accessors) = group_files(&apis[first], &builders)?;
            for (path, text) in of_groups {
                files.insert(format!("{module}/{path}"), format!("{SHARED_HEADER}{text}"));
            }
            let features: Vec<&str> = having.iter().map(|index| apis[*index].feature.as_str()).collect();
            let _ = write!(root, "\n#[cfg({})]\npub(crate) mod {module};\n", any(&features));
            let names: Vec<&str> = having.iter().map(|index| apis[*index].name.as_str()).collect();
            let mut text = format!(
                "{SHARED_HEADER}//! Groups and requests that the api-versions {} have alike.\n\n{modules}\n",
                names.join(" and ")
            );
            text.push_str(USES);
            let mut on: Vec<(&Api, String)> = Vec::new();
            for index in &having {
                let api = &apis[*index];
                let condition =
                    first_of(&on.iter().map(|(api, _)| api.feature.as_str()).collect::<Vec<_>>(), &api.feature);
                let _ = writeln!(text, "#[cfg({condition})]\npub(crate) use foundry_raw::{} as api;", api.module);
                on.push((api, condition));
            }
            text.push('\n');
            text.push_str(&raw(self.roots[first], &on));
            text.push_str(&impls(self.roots[first], &apis[first], &accessors));
            files.insert(format!("{module}/mod.rs"), text);
        }
        files.insert("mod.rs".to_owned(), root);
        Ok(files)
    }

    /// The SDK's modules of all APIs, and their clients.
    pub(crate) fn root_module(&self, apis: &[Api]) -> String {
        let mut text = String::from(
            "// @generated by `cargo xtask generate` from openapi/sources.toml. DO NOT EDIT.\n//! Groups and requests of each API, and the clients they send by.\n\n\
             pub(crate) mod shared;\n",
        );
        let sets = self.sets(apis);
        for (api, root) in apis.iter().zip(&self.roots) {
            let visibility = if *root == Root::Classic { "pub(crate)" } else { "pub" };
            let _ = write!(text, "\n#[cfg(feature = {:?})]\n{visibility} mod {};\n", api.feature, api.module);
        }
        text.push_str("\n/// What hangs from `classic()`.\npub(crate) mod classic {\n");
        for (module, having) in &sets {
            let features: Vec<&str> = having.iter().map(|index| apis[*index].feature.as_str()).collect();
            let _ = writeln!(text, "    #[cfg({})]\n    pub use super::shared::{module}::*;", any(&features));
            let _ = writeln!(text, "    #[cfg({})]\n    pub use super::shared::{module}::api::types;", any(&features));
        }
        for (api, root) in apis.iter().zip(&self.roots) {
            if *root == Root::Classic {
                let _ =
                    writeln!(text, "    #[cfg(feature = {:?})]\n    pub use super::{}::*;", api.feature, api.module);
                if sets.is_empty() {
                    let _ = writeln!(
                        text,
                        "    #[cfg(feature = {:?})]\n    pub use super::{}::api::types;",
                        api.feature, api.module
                    );
                }
            }
        }
        text.push_str(
            "}\n\n/// The modules of the APIs that are reached by a name of their own.\npub(crate) mod public {\n",
        );
        for (api, root) in apis.iter().zip(&self.roots) {
            if *root != Root::Classic {
                let _ = writeln!(text, "    #[cfg(feature = {:?})]\n    pub use super::{};", api.feature, api.module);
            }
        }
        text.push_str("}\n\n/// The generated clients.\n#[derive(Clone, Debug)]\npub(crate) struct RawClients {\n");
        for api in apis {
            let _ = writeln!(
                text,
                "    #[cfg(feature = {:?})]\n    pub(crate) {}: foundry_raw::{1}::Client,",
                api.feature, api.module
            );
        }
        text.push_str(
            "}\n\nimpl RawClients {\n    /// The clients of a project, which send by `transport`.\n    #[allow(unused_variables, reason = \"without any API there is no client\")]\n    \
             pub(crate) fn new(\n        endpoint: &str,\n        http: &reqwest::Client,\n        transport: &std::sync::Arc<dyn foundry_raw::Transport>,\n    ) -> Self {\n        Self {\n",
        );
        for api in apis {
            let _ = writeln!(
                text,
                "            #[cfg(feature = {:?})]\n            {}: foundry_raw::{1}::Client::with_transport(endpoint, http.clone(), transport.clone()),",
                api.feature, api.module
            );
        }
        text.push_str("        }\n    }\n}\n\n/// Ways out: the generated clients.\nimpl crate::ProjectClient {\n");
        for (api, root) in apis.iter().zip(&self.roots) {
            let raw = format!("self.raw_clients().{}", api.module);
            let sent = match root {
                Root::Classic => format!(
                    "let options = self.options_of_classic(crate::pipeline::CallOptions::default());\n        {raw}.over(self.transport_for(options))"
                ),
                _ => format!("{raw}.clone()"),
            };
            let method = format!("raw_{}", api.name.to_snake_case().replace(['-', '.'], "_"));
            let _ = write!(
                text,
                "    /// The generated client of api-version {}, sending through the same pipeline.\n    ///\n    \
                 /// Its methods, and the types of `reqwest` in them, are outside of this crate's semantic\n    /// versioning.\n    \
                 #[cfg(feature = {:?})]\n    pub fn {method}(&self) -> foundry_raw::{}::Client {{\n        \
                 {sent}\n    }}\n\n",
                api.name, api.feature, api.module
            );
        }
        text.truncate(text.trim_end().len());
        text.push_str("\n}\n");
        text
    }
}

const USES: &str = "#[allow(unused_imports, reason = \"not every API has groups of its own\")]\nuse crate::client::ProjectClient;\n#[allow(unused_imports, reason = \"not every API has groups of its own\")]\nuse crate::pipeline::CallOptions;\n\n";

/// The condition that an API's feature is on, and none of those before it.
fn first_of(before: &[&str], feature: &str) -> String {
    if before.is_empty() {
        return format!("feature = {feature:?}");
    }
    format!("all(feature = {feature:?}, not({}))", any(before))
}

/// How the requests of a module get the client that they send by.
fn raw(root: Root, apis: &[(&Api, String)]) -> String {
    let mut text = String::from(
        "/// The generated client, with the options of one call.\n#[allow(dead_code, reason = \"not every API has groups of its own\")]\n\
         fn raw(client: &ProjectClient, options: CallOptions) -> Result<api::Client, foundry_raw::Error> {\n",
    );
    if root == Root::Classic {
        text.push_str("    let options = client.options_of_classic(options);\n");
    }
    let is_scoped = root != Root::Classic && apis.iter().any(|(api, _)| api.agent_scope.is_some());
    if is_scoped {
        text.push_str("    let agent = options.agent_scope.clone();\n");
    }
    for (api, condition) in apis {
        if !condition.is_empty() {
            let _ = writeln!(text, "    #[cfg({condition})]");
        }
        let _ = writeln!(text, "    let raw = &client.raw_clients().{};", api.module);
    }
    text.push_str("    let raw = raw.over(client.transport_for(options));\n");
    text.push_str(match is_scoped {
        true => "    match agent {\n        Some(scope) => raw.for_agent(&scope.agent_name),\n        None => Ok(raw),\n    }\n}\n\n",
        false => "    Ok(raw)\n}\n\n",
    });
    text
}

/// The functions that give the groups.
fn impls(root: Root, api: &Api, accessors: &[(bool, String)]) -> String {
    let of = |preview: bool| {
        let found: Vec<&str> = accessors
            .iter()
            .filter(|(is_preview, _)| *is_preview == preview)
            .map(|(_, text)| text.trim_end())
            .collect();
        found.join("\n\n")
    };
    let mut text = String::new();
    let (groups, previews) = (of(false), of(true));
    let target = match root {
        Root::Classic => "crate::classic::Classic",
        Root::Project => "ProjectClient",
        Root::Own => {
            let _ = write!(
                text,
                "/// The groups of api-version {0}; cheap to clone.\n#[derive(Clone, Debug)]\npub struct Groups {{\n    client: ProjectClient,\n}}\n\n\
                 impl ProjectClient {{\n    /// The groups of api-version {0}.\n    pub fn {1}(&self) -> Groups {{\n        Groups {{ client: self.clone() }}\n    }}\n}}\n\n\
                 impl Groups {{\n    #[allow(dead_code, reason = \"an API may have no groups of its own\")]\n    fn project_client(&self) -> &ProjectClient {{\n        &self.client\n    }}\n}}\n\n",
                api.name, api.module
            );
            "Groups"
        }
    };
    if !groups.is_empty() {
        let _ = write!(text, "/// The groups of api-version {}.\nimpl {target} {{\n{groups}\n}}\n", api.name);
    }
    if !previews.is_empty() {
        let target = if root == Root::Own { "Groups" } else { "crate::preview::Preview" };
        let _ = write!(text, "\n/// The previews of api-version {}.\nimpl {target} {{\n{previews}\n}}\n", api.name);
    }
    text
}

/// A group, its name in the document, and its requests.
type Made<'a> = (&'a Group, &'a str, Vec<Builder<'a>>);

type GroupFiles = (BTreeMap<String, String>, String, Vec<(bool, String)>);

/// The files of groups, the lines that name their modules, and the functions that give them.
fn group_files(api: &Api, groups: &[Made<'_>]) -> Result<GroupFiles, Failure> {
    let mut files = BTreeMap::new();
    let (mut modules, mut exports) = (String::new(), String::new());
    let mut accessors = Vec::new();
    for (group, document_name, made) in groups {
        let module = document_name.to_snake_case();
        let _ = writeln!(modules, "mod {module};");
        let _ = writeln!(exports, "pub use {module}::*;");
        let description =
            api.groups.get(*document_name).cloned().unwrap_or_else(|| format!("The operations of {document_name}."));
        let (text, accessor) = builders::group(group, &description, made)?;
        files.insert(format!("{module}.rs"), text);
        accessors.push((group.is_preview, accessor));
    }
    Ok((files, format!("{modules}\n{exports}"), accessors))
}

/// The operations of an API by their groups.
fn by_group(api: &Api) -> BTreeMap<&str, Vec<&Operation>> {
    let mut groups: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in &api.operations {
        groups.entry(&operation.group).or_default().push(operation);
    }
    groups
}

/// The first operation that no earlier API has alike.
fn unlike(earlier: &[Api], api: &Api, operations: &[&Operation]) -> String {
    let is_alike = |operation: &&&Operation| {
        earlier
            .iter()
            .any(|other| other.operations.iter().any(|there| is_interchangeable(other, there, api, operation)))
    };
    operations.iter().find(|operation| !is_alike(operation)).map_or_else(
        || "its operations are in several groups there".to_owned(),
        |operation| format!("`{}` differs", operation.id),
    )
}

/// The group of an earlier API that has just these operations.
fn alike(earlier: &Api, later: &Api, operations: &[&Operation]) -> Option<String> {
    let (group, _) = by_group(earlier).into_iter().find(|(_, there)| {
        there.len() == operations.len()
            && operations
                .iter()
                .all(|operation| there.iter().any(|other| is_interchangeable(earlier, other, later, operation)))
    })?;
    Some(group.to_owned())
}
