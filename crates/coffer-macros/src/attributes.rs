//! Reads `#[shape(...)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitInt, LitStr, Path, Token};

use crate::pattern;

/// What `#[shape(...)]` on a structure, a field or a variant says.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) name: Option<String>,
    pub(crate) wire: Option<String>,
    pub(crate) required: bool,
    pub(crate) default: bool,
    pub(crate) place: Place,
    pub(crate) rules: RuleSet,
}

/// Where a member of a REST request or answer stands.
#[derive(Default)]
pub(crate) enum Place {
    #[default]
    Body,
    Uri,
    Query(String),
    Header(String),
    Payload,
    Status,
}

impl Place {
    pub(crate) fn expression(&self) -> TokenStream {
        match self {
            Self::Body => quote!(::coffer_protocol::shape::Place::Body),
            Self::Uri => quote!(::coffer_protocol::shape::Place::Uri),
            Self::Query(name) => quote!(::coffer_protocol::shape::Place::Query(#name)),
            Self::Header(name) => quote!(::coffer_protocol::shape::Place::Header(#name)),
            Self::Payload => quote!(::coffer_protocol::shape::Place::Payload),
            Self::Status => quote!(::coffer_protocol::shape::Place::Status),
        }
    }
}

/// The constraints of one shape, and of the shapes within it.
#[derive(Default)]
pub(crate) struct RuleSet {
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<LitStr>,
    check: Option<Path>,
    sensitive: bool,
    member: Option<Box<RuleSet>>,
    key: Option<Box<RuleSet>>,
    value: Option<Box<RuleSet>>,
}

impl Attributes {
    /// Reads all `shape` attributes of one item.
    pub(crate) fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|each| each.path().is_ident("shape")) {
            attribute.parse_nested_meta(|meta| found.read_one(&meta))?;
        }
        Ok(found)
    }

    fn read_one(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("name") {
            self.name = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("wire") {
            self.wire = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("required") {
            self.required = true;
        } else if meta.path.is_ident("default") {
            self.default = true;
        } else if !self.read_place(meta)? {
            self.rules.read_one(meta)?;
        }
        Ok(())
    }

    /// Reads where a member stands; says whether that is what there was to read.
    fn read_place(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<bool> {
        self.place = if meta.path.is_ident("uri") {
            Place::Uri
        } else if meta.path.is_ident("payload") {
            Place::Payload
        } else if meta.path.is_ident("status") {
            Place::Status
        } else if meta.path.is_ident("query") {
            Place::Query(meta.value()?.parse::<LitStr>()?.value())
        } else if meta.path.is_ident("header") {
            Place::Header(meta.value()?.parse::<LitStr>()?.value())
        } else {
            return Ok(false);
        };
        Ok(true)
    }
}

impl RuleSet {
    fn read_one(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("min") {
            self.min = Some(integer(meta)?);
        } else if meta.path.is_ident("max") {
            self.max = Some(integer(meta)?);
        } else if meta.path.is_ident("pattern") {
            self.pattern = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("check") {
            self.check = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("sensitive") {
            self.sensitive = true;
        } else if meta.path.is_ident("member") {
            self.member = Some(Self::nested(meta)?);
        } else if meta.path.is_ident("key") {
            self.key = Some(Self::nested(meta)?);
        } else if meta.path.is_ident("value") {
            self.value = Some(Self::nested(meta)?);
        } else {
            return Err(meta.error(
                "expected name, wire, required, default, uri, query, header, payload, status, min, \
                 max, pattern, check, sensitive, member(..), key(..) or value(..)",
            ));
        }
        Ok(())
    }

    fn nested(meta: &ParseNestedMeta<'_>) -> syn::Result<Box<Self>> {
        let mut rules = Self::default();
        meta.parse_nested_meta(|inner| rules.read_one(&inner))?;
        Ok(Box::new(rules))
    }

    /// The expression of these rules; patterns become statics, which are pushed onto `statics`.
    pub(crate) fn expression(&self, statics: &mut Vec<TokenStream>) -> syn::Result<TokenStream> {
        let min = optional(self.min.map(|min| quote!(#min)));
        let max = optional(self.max.map(|max| quote!(#max)));
        let pattern = optional(self.pattern_static(statics)?);
        let sensitive = self.sensitive;
        let member = optional(Self::reference(self.member.as_deref(), statics)?);
        let key = optional(Self::reference(self.key.as_deref(), statics)?);
        let value = optional(Self::reference(self.value.as_deref(), statics)?);
        Ok(quote! {
            ::coffer_protocol::shape::Rules {
                min: #min,
                max: #max,
                pattern: #pattern,
                sensitive: #sensitive,
                member: #member,
                key: #key,
                value: #value,
            }
        })
    }

    fn reference(
        rules: Option<&Self>,
        statics: &mut Vec<TokenStream>,
    ) -> syn::Result<Option<TokenStream>> {
        let Some(rules) = rules else { return Ok(None) };
        let expression = rules.expression(statics)?;
        Ok(Some(quote!(&#expression)))
    }

    fn pattern_static(&self, statics: &mut Vec<TokenStream>) -> syn::Result<Option<TokenStream>> {
        let value = match (&self.pattern, &self.check) {
            (None, None) => return Ok(None),
            (None, Some(check)) => {
                return Err(syn::Error::new_spanned(
                    check,
                    "`check` needs its `pattern` beside it",
                ));
            }
            (Some(source), Some(check)) => {
                quote!(::coffer_protocol::shape::Pattern::checked(#source, #check))
            }
            (Some(source), None) => {
                let regex = pattern::compiled(&source.value())
                    .map_err(|error| syn::Error::new(source.span(), error))?;
                quote!(::coffer_protocol::shape::Pattern::new(#source, #regex))
            }
        };
        let name = format_ident!("PATTERN_{}", statics.len());
        statics.push(quote!(static #name: ::coffer_protocol::shape::Pattern = #value;));
        Ok(Some(quote!(&#name)))
    }
}

fn integer(meta: &ParseNestedMeta<'_>) -> syn::Result<i64> {
    let value = meta.value()?;
    let negative = value.parse::<Option<Token![-]>>()?.is_some();
    let magnitude: i64 = value.parse::<LitInt>()?.base10_parse()?;
    Ok(if negative { -magnitude } else { magnitude })
}

fn optional(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
