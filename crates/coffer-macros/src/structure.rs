//! What a structure and its fields say, for both directions.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Data, DeriveInput, Fields, GenericArgument, Ident, PathArguments, Type, ext::IdentExt as _,
};

use crate::attributes::{Attributes, Place};

/// A structure of the wire.
pub(crate) struct Structure {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) members: Vec<Member>,
    /// The statics that hold the members' rules and patterns.
    pub(crate) statics: TokenStream,
}

/// A member of a structure.
pub(crate) struct Member {
    pub(crate) field: Ident,
    pub(crate) wire: String,
    pub(crate) required: bool,
    pub(crate) default: bool,
    pub(crate) is_option: bool,
    /// Where it stands in REST protocols.
    pub(crate) place: Place,
    /// The field's type, without its `Option`.
    pub(crate) inner: Type,
    /// The static that holds this member's rules.
    pub(crate) rules: Ident,
}

impl Structure {
    /// Reads a `struct` with named fields.
    pub(crate) fn read(item: &DeriveInput) -> syn::Result<Self> {
        let Data::Struct(data) = &item.data else {
            return Err(syn::Error::new_spanned(&item.ident, "only a struct is a wire structure"));
        };
        if !item.generics.params.is_empty() {
            return Err(syn::Error::new_spanned(&item.generics, "a shape has no parameters"));
        }
        let mut statics = Vec::new();
        let mut rules = Vec::new();
        let mut members = Vec::new();
        match &data.fields {
            Fields::Unit => {}
            Fields::Named(fields) => {
                for (index, field) in fields.named.iter().enumerate() {
                    let attributes = Attributes::read(&field.attrs)?;
                    let static_name = format_ident!("RULES_{index}");
                    let expression = attributes.rules.expression(&mut statics)?;
                    rules.push(quote! {
                        static #static_name: ::coffer_protocol::shape::Rules = #expression;
                    });
                    members.push(Member::read(field, attributes, static_name)?);
                }
            }
            Fields::Unnamed(fields) => {
                return Err(syn::Error::new_spanned(fields, "the fields must have names"));
            }
        }
        let name = Attributes::read(&item.attrs)?.name;
        Ok(Self {
            ident: item.ident.clone(),
            name: name.unwrap_or_else(|| item.ident.unraw().to_string()),
            members,
            statics: quote!(#(#statics)* #(#rules)*),
        })
    }

    /// The body of `shape()`, for the trait named.
    pub(crate) fn shape(&self, direction: &TokenStream) -> TokenStream {
        let name = &self.name;
        let members = self.members.iter().map(|member| {
            let Member { wire, required, inner, rules, .. } = member;
            let place = member.place.expression();
            quote! {
                ::coffer_protocol::shape::Member {
                    wire: #wire,
                    required: #required,
                    shape: <#inner as #direction>::shape(&#rules),
                    place: #place,
                }
            }
        });
        quote! {
            ::coffer_protocol::shape::Shape::structure(#name, || ::std::vec![#(#members),*])
        }
    }
}

impl Structure {
    /// What an audit record shows of the structure, on one side of the road.
    pub(crate) fn audit(&self, side: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        let members = self.members.iter().map(|member| {
            let Member { field, wire, inner, rules, is_option, .. } = member;
            let key = Literal::byte_string(format!("\"{}\":", audit_spelling(wire)).as_bytes());
            let show = |value: TokenStream| {
                quote! {
                    ::coffer_protocol::audit::member::<{ ::coffer_protocol::audit::#side }, #inner>(
                        #key, #value, &#rules, veil, out,
                    );
                }
            };
            if *is_option {
                let show = show(quote!(value));
                quote!(if let ::core::option::Option::Some(value) = &self.#field { #show })
            } else {
                show(quote!(&self.#field))
            }
        });
        quote! {
            #[automatically_derived]
            #[allow(unused_variables, reason = "a structure may have no members")]
            impl ::coffer_protocol::Audit<{ ::coffer_protocol::audit::#side }> for #ident {
                fn audit(
                    &self,
                    _rules: &::coffer_protocol::shape::Rules,
                    veil: ::coffer_protocol::Veil,
                    out: &mut ::std::vec::Vec<u8>,
                ) {
                    out.push(b'{');
                    #(#members)*
                    ::coffer_protocol::encode::close(b'}', out);
                }
            }
        }
    }
}

/// CloudTrail's spelling of a member, as `coffer_protocol::audit::spelling` has it.
fn audit_spelling(wire: &str) -> String {
    if wire.chars().all(|character| character.is_ascii_uppercase()) {
        return wire.to_ascii_lowercase();
    }
    let mut characters = wire.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

impl Member {
    fn read(field: &syn::Field, attributes: Attributes, rules: Ident) -> syn::Result<Self> {
        let Some(ident) = &field.ident else {
            return Err(syn::Error::new_spanned(field, "the fields must have names"));
        };
        let within = option_of(&field.ty);
        Ok(Self {
            field: ident.clone(),
            wire: attributes.wire.unwrap_or_else(|| pascal_case(&ident.unraw().to_string())),
            required: attributes.required,
            default: attributes.default,
            is_option: within.is_some(),
            place: attributes.place,
            inner: within.unwrap_or(&field.ty).clone(),
            rules,
        })
    }
}

/// The type within an `Option`.
fn option_of(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

fn pascal_case(field: &str) -> String {
    let words = field.split('_').map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    });
    words.collect()
}
