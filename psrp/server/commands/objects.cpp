// Where-Object, ForEach-Object, Out-String, ConvertTo-Json.
#include <clixml/lexical.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/commands/standard.hpp>

#include <array>

namespace psrp::server {

namespace {

struct Comparison {
    std::string_view name;
    Operation operation;
    bool case_sensitive;
};

// clang-format off
constexpr std::array<Comparison, 14> comparisons = {{
    {"EQ", Operation::Equal, false},        {"NE", Operation::NotEqual, false},
    {"GT", Operation::Greater, false},      {"GE", Operation::GreaterOrEqual, false},
    {"LT", Operation::Less, false},         {"LE", Operation::LessOrEqual, false},
    {"Like", Operation::Like, false},       {"NotLike", Operation::NotLike, false},
    {"Match", Operation::Match, false},     {"NotMatch", Operation::NotMatch, false},
    {"Contains", Operation::Contains, false}, {"NotContains", Operation::NotContains, false},
    {"In", Operation::In, false},           {"NotIn", Operation::NotIn, false},
}};
// clang-format on

class WhereObject final : public Command {
public:
    Result<void> begin(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        for (const Comparison& one : comparisons) {
            if (!arguments.flag(one.name)) continue;
            if (comparison_ != nullptr) {
                Failure failure = runtime_failure(
                    "Parameter set cannot be resolved using the specified named parameters.",
                    "AmbiguousParameterSet," + context.definition().type_name,
                    ErrorCategory::InvalidArgument
                );
                failure.exception_type = "System.Management.Automation.ParameterBindingException";
                return context.fail(std::move(failure));
            }
            comparison_ = &one;
        }
        script_ = arguments.value("Property");
        if (script_.unwrapped().kind() == clixml::Kind::ScriptBlock) return {};
        script_ = arguments.value("FilterScript");
        property_ = arguments.text("Property");
        return {};
    }

    Result<void> process(CommandContext& context, Value input) override
    {
        if (!script_.is_nil()) {
            PSRP_TRY(const Value holds, context.evaluate(script_, input));
            return is_true(holds) ? context.emit(input) : Result<void>{};
        }
        const Value property = property_of(input, property_, context.arena());
        if (comparison_ == nullptr) {
            const bool holds = is_true(property) != context.arguments().flag("Not");
            return holds ? context.emit(input) : Result<void>{};
        }
        const ScriptLimits limits;
        auto result = apply_binary(
            comparison_->operation,
            false,
            property,
            context.arguments().value("Value"),
            {context.arena(), limits}
        );
        if (!result) return context.write_error(result.error());
        return is_true(*result) ? context.emit(input) : Result<void>{};
    }

private:
    const Comparison* comparison_ = nullptr;
    Value script_;
    std::string property_;
};

// Passes what a script block writes on to the pipeline.
class EmitSink final : public ValueSink {
public:
    explicit EmitSink(CommandContext& context) : context_(context) {}
    Result<void> take(Value value) override { return context_.emit(value); }

private:
    CommandContext& context_;
};

class ForEachObject final : public Command {
public:
    Result<void> begin(CommandContext& context) override { return run(context, "Begin", Value{}); }

    Result<void> process(CommandContext& context, Value input) override
    {
        const Value what = context.arguments().value("Process");
        EmitSink sink(context);
        for (const Value one : as_list(what, context.arena())) {
            if (one.unwrapped().kind() == clixml::Kind::ScriptBlock) {
                PSRP_CHECK(context.invoke(one, input, sink));
                continue;
            }
            if (const auto member =
                    member_of(input, clixml::to_display_text(one), context.arena())) {
                PSRP_CHECK(context.emit_items(*member));
            }
        }
        return {};
    }

    Result<void> end(CommandContext& context) override
    {
        if (!context.has_input()) PSRP_CHECK(process(context, Value{}));
        return run(context, "End", Value{});
    }

private:
    static Result<void> run(CommandContext& context, std::string_view parameter, Value input)
    {
        if (!context.arguments().has(parameter)) return {};
        EmitSink sink(context);
        return context.invoke(context.arguments().value(parameter), input, sink);
    }
};

// A plain form of PowerShell's lists: formatting for people is the client's work.
std::string text_form(Value value)
{
    const Object* object = value.object();
    if (object == nullptr || !object->base().is_nil() || object->stored_text())
        return clixml::to_display_text(value) + "\n";
    std::string text;
    std::size_t width = 0;
    if (object->container() == clixml::ContainerKind::Dictionary) {
        for (std::size_t i = 0; i + 1 < object->items().size(); i += 2) {
            text += clixml::to_display_text(object->items()[i]) + " : " +
                    clixml::to_display_text(object->items()[i + 1]) + "\n";
        }
        return text;
    }
    if (object->adapted().empty() && object->extended().empty())
        return clixml::to_display_text(value) + "\n";
    for (const auto bag : {object->adapted(), object->extended()}) {
        for (const clixml::Property& property : bag)
            width = std::max(width, clixml::utf16_length(property.name_text()));
    }
    text += "\n";
    for (const auto bag : {object->adapted(), object->extended()}) {
        for (const clixml::Property& property : bag) {
            text += property.name_text();
            text.append(width - clixml::utf16_length(property.name_text()), ' ');
            text += " : " + clixml::to_display_text(property.value) + "\n";
        }
    }
    return text + "\n";
}

class OutString final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        const std::string text = text_form(input);
        if (!context.arguments().flag("Stream")) {
            text_ += text;
            return context.check_stop();
        }
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            PSRP_CHECK(context.emit(Value::string(std::string_view(text).substr(at, end - at))));
            at = end + 1;
        }
        return {};
    }

    Result<void> end(CommandContext& context) override
    {
        if (!context.has_input() && context.arguments().has("InputObject")) {
            PSRP_CHECK(process(context, context.arguments().value("InputObject")));
        }
        if (context.arguments().flag("Stream")) return {};
        if (context.arguments().flag("NoNewline")) std::erase(text_, '\n');
        return context.emit(Value::string(text_));
    }

private:
    std::string text_;
};

void append_json_text(std::string_view text, std::string& out)
{
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (byte < 0x20) {
                out += "\\u00";
                out += digits[byte >> 4U];
                out += digits[byte & 15U];
            } else {
                out += c;
            }
        }
    }
    out += '"';
}

class JsonWriter {
public:
    JsonWriter(bool compact, std::int64_t depth) : compact_(compact), depth_max_(depth) {}

    void write(Value value, std::int64_t depth, Arena& arena)
    {
        const Value plain = value.unwrapped();
        if (plain.is_nil()) {
            text += "null";
        } else if (is_enumerable(value) && depth <= depth_max_) {
            open('[');
            for (const Value item : items_of(value, arena))
                element([&] { write(item, depth + 1, arena); });
            close(']');
        } else if (plain.is_object() && depth <= depth_max_) {
            members(*plain.object(), depth, arena);
        } else if (plain.kind() == clixml::Kind::Boolean) {
            text += plain.unsigned_bits() != 0 ? "true" : "false";
        } else if (as_number(plain)) {
            text += clixml::to_display_text(plain);
        } else if (plain.kind() == clixml::Kind::DateTime) {
            append_json_text(clixml::lexical_text(plain), text);
        } else {
            append_json_text(clixml::to_display_text(value), text);
        }
    }

    std::string text;

private:
    void members(const Object& object, std::int64_t depth, Arena& arena)
    {
        open('{');
        const auto member = [&](std::string_view name, Value value) {
            element([&] {
                append_json_text(name, text);
                text += compact_ ? ":" : ": ";
                write(value, depth + 1, arena);
            });
        };
        if (object.container() == clixml::ContainerKind::Dictionary) {
            for (std::size_t i = 0; i + 1 < object.items().size(); i += 2) {
                member(clixml::to_display_text(object.items()[i]), object.items()[i + 1]);
            }
        }
        for (const clixml::Property& property : object.adapted())
            member(property.name_text(), property.value);
        for (const clixml::Property& property : object.extended()) {
            if (!property.is_member_set()) member(property.name_text(), property.value);
        }
        close('}');
    }

    void open(char bracket)
    {
        text += bracket;
        ++level_;
        empty_ = true;
    }

    template <typename Write>
    void element(Write write_element)
    {
        if (!empty_) text += ',';
        empty_ = false;
        line();
        write_element();
        empty_ = false;
    }

    void close(char bracket)
    {
        --level_;
        if (!empty_) line();
        text += bracket;
        empty_ = false;
    }

    void line()
    {
        if (compact_) return;
        text += '\n';
        text.append(level_ * 2, ' ');
    }

    bool compact_;
    std::int64_t depth_max_;
    std::size_t level_ = 0;
    bool empty_ = true;
};

class ConvertToJson final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        PSRP_TRY(const Value kept, context.keep(memory_, input));
        items_.push_back(kept);
        return {};
    }

    Result<void> end(CommandContext& context) override
    {
        if (!context.has_input()) items_.push_back(context.arguments().value("InputObject"));
        const bool single = items_.size() == 1 && !context.arguments().flag("AsArray");
        const std::int64_t depth =
            std::clamp<std::int64_t>(context.arguments().integer("Depth", 2), 0, 100);
        JsonWriter writer(context.arguments().flag("Compress"), single ? depth : depth + 1);
        writer.write(single ? items_.front() : make_list(memory_, items_), 0, memory_);
        return context.emit(Value::string(writer.text));
    }

private:
    Arena memory_;
    std::vector<Value> items_;
};

} // namespace

void add_object_commands(CommandTable& table)
{
    using Type = ParameterType;
    std::vector<CommandParameter> where = {
        {"Property", Type::Any, 0, false, false, {}},
        {"Value", Type::Any, 1, false, false, {}},
        {"FilterScript", Type::Any, -1, false, false, {}},
        {"Not", Type::Switch, -1, false, false, {}},
    };
    for (const Comparison& one : comparisons)
        where.push_back({std::string(one.name), Type::Switch, -1, false, false, {}});
    add_standard(
        table,
        define<WhereObject>(
            "Where-Object", "WhereObjectCommand", std::move(where), {"where", "?"}, true
        )
    );
    add_standard(
        table,
        define<ForEachObject>(
            "ForEach-Object",
            "ForEachObjectCommand",
            {{"Process", Type::Any, 0, true, true, {"MemberName"}},
             {"Begin", Type::Any, -1, false, false, {}},
             {"End", Type::Any, -1, false, false, {}}},
            {"foreach", "%"},
            true
        )
    );
    add_standard(
        table,
        define<OutString>(
            "Out-String",
            "OutStringCommand",
            {{"Stream", Type::Switch, -1, false, false, {}},
             {"NoNewline", Type::Switch, -1, false, false, {}},
             {"Width", Type::Int32, -1, false, false, {}},
             {"InputObject", Type::Any, -1, false, false, {}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<ConvertToJson>(
            "ConvertTo-Json",
            "ConvertToJsonCommand",
            {{"InputObject", Type::Any, 0, false, false, {}},
             {"Depth", Type::Int32, -1, false, false, {}},
             {"Compress", Type::Switch, -1, false, false, {}},
             {"AsArray", Type::Switch, -1, false, false, {}}},
            {},
            true
        )
    );
}

} // namespace psrp::server
