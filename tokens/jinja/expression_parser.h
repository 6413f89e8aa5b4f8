#pragma once

#include <vector>

#include "tokens/jinja/syntax.h"
#include "tokens/jinja/token_stream.h"

namespace ringmaster::jinja {

/// Parses an expression, with Jinja's precedences. Never null: after a fault it returns a literal.
[[nodiscard]] ExpressionPtr parse_expression(TokenStream& tokens);

/// An expression, or several with commas between them, which make a tuple.
[[nodiscard]] ExpressionPtr parse_expression_list(TokenStream& tokens);

/// An expression without "if": what a for loop iterates over, where "if" begins its filter.
[[nodiscard]] ExpressionPtr parse_unconditional(TokenStream& tokens);

/// The filters of a filter block, first to last: name(arguments)|name...
[[nodiscard]] std::vector<ExpressionPtr> parse_filter_chain(TokenStream& tokens);

}  // namespace ringmaster::jinja
