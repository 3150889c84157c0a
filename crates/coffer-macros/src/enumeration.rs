//! `derive(AwsEnum)`: a string of a fixed set.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, ext::IdentExt as _};

use crate::attributes::Attributes;

/// Names, parsing, decoder, encoder and shape description of an enum.
pub(crate) fn expand(item: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Enum(data) = &item.data else {
        return Err(syn::Error::new_spanned(&item.ident, "only an enum has a set of values"));
    };
    let mut variants = Vec::new();
    let mut wires = Vec::new();
    for variant in &data.variants {
        if !variant.fields.is_empty() {
            return Err(syn::Error::new_spanned(variant, "a value carries no fields"));
        }
        let wire = Attributes::read(&variant.attrs)?.wire;
        wires.push(wire.unwrap_or_else(|| variant.ident.unraw().to_string()));
        variants.push(&variant.ident);
    }
    let inherent = inherent(item, &variants, &wires);
    let wire = wire_impls(&item.ident);
    Ok(quote!(#inherent #wire))
}

fn inherent(item: &DeriveInput, variants: &[&syn::Ident], wires: &[String]) -> TokenStream {
    let DeriveInput { ident, vis, .. } = item;
    quote! {
        #[automatically_derived]
        #[allow(dead_code, reason = "not every enum needs all of them")]
        impl #ident {
            /// The values' names on the wire, in AWS's order.
            #vis const VALUES: &'static [&'static str] = &[#(#wires),*];

            /// The value's name on the wire.
            #vis const fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#variants => #wires),*
                }
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = ::coffer_protocol::decode::UnknownValue;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                match text {
                    #(#wires => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::result::Result::Err(::coffer_protocol::decode::UnknownValue),
                }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, out: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                out.write_str(self.as_str())
            }
        }
    }
}

fn wire_impls(ident: &syn::Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::coffer_protocol::Decode for #ident {
            const SIMPLE: bool = true;

            fn shape(rules: &::coffer_protocol::shape::Rules) -> ::coffer_protocol::shape::Shape {
                ::coffer_protocol::shape::Shape::string(Self::VALUES, rules)
            }

            fn is_violated(
                value: &::coffer_protocol::decode::Value,
                _rules: &::coffer_protocol::shape::Rules,
            ) -> bool {
                value.as_str().is_some_and(|text| text.parse::<Self>().is_err())
            }

            fn constraints(
                _rules: &::coffer_protocol::shape::Rules,
            ) -> ::std::vec::Vec<::std::string::String> {
                ::std::vec![::coffer_protocol::decode::enum_constraint(Self::VALUES)]
            }

            fn decode(
                value: ::coffer_protocol::decode::Value,
                rules: &::coffer_protocol::shape::Rules,
                at: &::coffer_protocol::decode::Path<'_>,
                decoder: &mut ::coffer_protocol::decode::Decoder,
            ) -> ::core::result::Result<::core::option::Option<Self>, ::coffer_protocol::Fault> {
                ::coffer_protocol::decode::enumeration(value, Self::VALUES, rules, at, decoder)
            }
        }

        #[automatically_derived]
        impl<const SIDE: bool> ::coffer_protocol::Audit<SIDE> for #ident {
            fn audit(
                &self,
                _rules: &::coffer_protocol::shape::Rules,
                _veil: ::coffer_protocol::Veil,
                out: &mut ::std::vec::Vec<u8>,
            ) {
                ::coffer_protocol::Encode::encode_json(self.as_str(), out);
            }
        }

        #[automatically_derived]
        impl ::coffer_protocol::Encode for #ident {
            fn shape(rules: &::coffer_protocol::shape::Rules) -> ::coffer_protocol::shape::Shape {
                ::coffer_protocol::shape::Shape::string(Self::VALUES, rules)
            }

            fn encode_json(&self, out: &mut ::std::vec::Vec<u8>) {
                ::coffer_protocol::Encode::encode_json(self.as_str(), out);
            }

            fn encode_xml(&self, out: &mut ::std::vec::Vec<u8>) {
                ::coffer_protocol::Encode::encode_xml(self.as_str(), out);
            }
        }
    }
}
