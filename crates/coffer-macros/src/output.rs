//! `derive(Output)`: the encoder.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::DeriveInput;

use crate::attributes::Place;
use crate::structure::{Member, Structure};

/// The encoder and shape description of a structure.
pub(crate) fn expand(item: &DeriveInput) -> syn::Result<TokenStream> {
    let structure = Structure::read(item)?;
    let Structure { ident, statics, members, .. } = &structure;
    let shape = structure.shape(&quote!(::coffer_protocol::Encode));
    let audit = structure.audit(&quote!(ANSWERED));
    let placed = placed(members);
    let json = members.iter().filter(|member| matches!(member.place, Place::Body)).map(|member| {
        let key = Literal::byte_string(format!("\"{}\":", member.wire).as_bytes());
        written(member, |value| {
            quote! {
                out.extend_from_slice(#key);
                ::coffer_protocol::Encode::encode_json(#value, out);
                out.push(b',');
            }
        })
    });
    let xml = members.iter().map(|member| {
        let wire = &member.wire;
        written(member, |value| quote!(::coffer_protocol::encode::element(#wire, #value, out);))
    });
    Ok(quote! {
        const _: () = {
            #statics

            #[automatically_derived]
            impl ::coffer_protocol::Encode for #ident {
                fn shape(_rules: &::coffer_protocol::shape::Rules)
                    -> ::coffer_protocol::shape::Shape
                {
                    #shape
                }

                fn encode_json(&self, out: &mut ::std::vec::Vec<u8>) {
                    out.push(b'{');
                    #(#json)*
                    ::coffer_protocol::encode::close(b'}', out);
                }

                #[allow(unused_variables, reason = "a structure may have no members")]
                fn encode_xml(&self, out: &mut ::std::vec::Vec<u8>) {
                    #(#xml)*
                }
            }

            #audit

            #[automatically_derived]
            impl ::coffer_protocol::Output for #ident { #placed }
        };
    })
}

/// Hands over the members of a REST answer that are not in its body's structure.
fn placed(members: &[Member]) -> TokenStream {
    let each: Vec<_> = members
        .iter()
        .filter_map(|member| {
            let field = &member.field;
            let put = match &member.place {
                Place::Header(name) => quote!(answer.header(#name, value);),
                Place::Status => quote!(answer.status(*value);),
                Place::Payload if member.is_option => {
                    return Some(quote!(answer.payload(self.#field.as_ref());));
                }
                Place::Payload => quote!(answer.payload(::core::option::Option::Some(value));),
                _ => return None,
            };
            Some(match member.is_option {
                true => quote!(if let ::core::option::Option::Some(value) = &self.#field { #put }),
                false => quote!({ let value = &self.#field; #put }),
            })
        })
        .collect();
    if each.is_empty() {
        return quote!();
    }
    quote! {
        fn place(&self, answer: &mut ::coffer_protocol::rest::Placed) {
            #(#each)*
        }
    }
}

fn written(member: &Member, write: impl Fn(TokenStream) -> TokenStream) -> TokenStream {
    let field = &member.field;
    if member.is_option {
        let body = write(quote!(value));
        quote!(if let ::core::option::Option::Some(value) = &self.#field { #body })
    } else {
        write(quote!(&self.#field))
    }
}
