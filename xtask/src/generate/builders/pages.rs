//! What the pager needs to know of a list, and how it is told.

use std::fmt::Write as _;

use heck::ToSnakeCase as _;

use super::{qualified, unexpected};
use crate::failure::Failure;
use crate::generate::api::{Api, Operation, Paging, Presence, Shape, Type};

/// What the pager needs to know of a list.
pub(super) struct Page {
    pub(super) item: Type,
    items: String,
    pub(super) how: PageStyle,
}

pub(super) enum PageStyle {
    Cursor { argument: String, property: String, has_more: String, id: bool },
    Link { property: String },
}

pub(super) fn page(api: &Api, operation: &Operation, paging: &Paging, output: &Type) -> Result<Page, Failure> {
    let Type::Named(name) = output else { return Err(unexpected(operation, "its pages are of no type with a name")) };
    let Some(Shape::Struct(model)) = api.types.get(name).map(|definition| &definition.shape) else {
        return Err(unexpected(operation, "its pages are no objects"));
    };
    let field = |property: &str| {
        let found = model.fields.iter().find(|field| field.property == property);
        found.ok_or_else(|| unexpected(operation, &format!("its pages have no `{property}`")))
    };
    let (items, how) = match paging {
        Paging::Cursor { items, parameter, property, has_more } => {
            let style = PageStyle::Cursor {
                argument: parameter.to_snake_case(),
                property: field(property)?.name.clone(),
                has_more: field(has_more)?.name.clone(),
                id: false,
            };
            (field(items)?, style)
        }
        Paging::NextLink { items, next_link } => {
            (field(items)?, PageStyle::Link { property: field(next_link)?.name.clone() })
        }
    };
    let Type::List(item) = &items.ty else { return Err(unexpected(operation, "its items are no list")) };
    let mut page = Page { item: (**item).clone(), items: items.name.clone(), how };
    if let (PageStyle::Cursor { id, .. }, Type::Named(item)) = (&mut page.how, &page.item)
        && let Some(Shape::Struct(model)) = api.types.get(item).map(|definition| &definition.shape)
    {
        *id = model.fields.iter().any(|field| field.property == "id" && field.presence == Presence::Key);
    }
    Ok(page)
}

impl Page {
    pub(super) fn emit(&self, text: &mut String, operation: &Operation) {
        let item = qualified(&self.item);
        let builder = &operation.builder;
        let _ = match &self.how {
            PageStyle::Cursor { argument, property, has_more, id } => {
                let id = if *id { ", id" } else { "" };
                writeln!(
                    text,
                    "paged_by_cursor!({builder}: {item}, {}, {property}, {has_more}, {argument}{id});\n",
                    self.items
                )
            }
            PageStyle::Link { property } => {
                writeln!(text, "paged_by_link!({builder}: {item}, {}, {property});\n", self.items)
            }
        };
    }
}
