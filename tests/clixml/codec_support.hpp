// What the codec's tests share: reading and writing in one call, documents around a body.
#pragma once

#include <clixml/errors.hpp>
#include <clixml/reader.hpp>
#include <clixml/writer.hpp>
#include <tests/support/exact_buffer.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace tests {

inline constexpr std::string_view objs_start =
    "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";

// `body` inside PowerShell's root element.
inline std::string in_document(std::string_view body)
{
    return std::string(objs_start).append(body).append("</Objs>");
}

// How a table names an outcome: the text of an error, or what was written.
inline std::string outcome_of(const clixml::Error& error)
{
    return "error: " + error.code.message();
}

inline std::string outcome_of(clixml::Errc code)
{
    return "error: " + make_error_code(code).message();
}

// `value` serialized in one line as the data of a PSRP message.
inline std::string serialized(clixml::Value value, int depth = 1)
{
    clixml::WriteOptions options = clixml::message_options();
    options.depth = depth;
    std::string text;
    const auto result = clixml::write_value(value, options, text);
    return result ? text : outcome_of(result.error());
}

inline std::string serialized(clixml::Object* object, int depth = 1)
{
    return serialized(clixml::Value::object(object), depth);
}

// `value` as Export-Clixml writes it: indented, with the root element.
inline std::string exported(clixml::Value value, int depth = 2)
{
    std::string text;
    const auto result = clixml::write_value(value, clixml::document_options(depth), text);
    return result ? text : outcome_of(result.error());
}

inline std::string exported(clixml::Object* object, int depth = 2)
{
    return exported(clixml::Value::object(object), depth);
}

inline clixml::ReadOptions bare_options()
{
    clixml::ReadOptions options;
    options.form = clixml::Form::Bare;
    return options;
}

inline clixml::ReadOptions lossless_options(clixml::Form form = clixml::Form::Bare)
{
    clixml::ReadOptions options;
    options.form = form;
    options.reading = clixml::Reading::Lossless;
    return options;
}

// Reads `text` from an exact-size heap buffer that outlives the value.
class ReadText {
public:
    ReadText(std::string_view text, const clixml::ReadOptions& options) : buffer_(text)
    {
        auto values = clixml::read_values(buffer_.text(), arena_, options, &form_);
        if (!values)
            error_ = values.error();
        else
            values_ = *values;
    }

    [[nodiscard]] bool good() const { return !error_.code; }
    [[nodiscard]] const clixml::Error& error() const { return error_; }
    [[nodiscard]] const std::vector<clixml::TopLevelValue>& values() const { return values_; }
    [[nodiscard]] clixml::Value value() const
    {
        return values_.size() == 1 ? values_.front().value : clixml::Value();
    }
    [[nodiscard]] const clixml::TextForm& form() const { return form_; }
    [[nodiscard]] clixml::Arena& arena() { return arena_; }

    // The values written verbatim in the form they were read in, or the error.
    [[nodiscard]] std::string copy() const
    {
        if (!good()) return outcome_of(error_);
        std::string text;
        const auto result = clixml::write_copy(values_, form_, text);
        return result ? text : outcome_of(result.error());
    }

    // The one value serialized again as a PSRP message, or the error.
    [[nodiscard]] std::string again(int depth = 1) const
    {
        if (!good()) return outcome_of(error_);
        return serialized(value(), depth);
    }

private:
    ExactBuffer buffer_;
    clixml::Arena arena_;
    clixml::Error error_;
    std::vector<clixml::TopLevelValue> values_;
    clixml::TextForm form_;
};

} // namespace tests
