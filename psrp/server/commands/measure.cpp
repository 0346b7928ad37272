// Measure-Object.
#include <clixml/utf.hpp>
#include <psrp/server/commands/standard.hpp>

namespace psrp::server {

namespace {

class MeasureObject final : public Command {
public:
    Result<void> begin(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        is_text_ = arguments.flag("Line") || arguments.flag("Word") || arguments.flag("Character");
        for (const std::string& name : arguments.texts("Property"))
            columns_.push_back({name});
        if (columns_.empty()) columns_.emplace_back();
        return {};
    }

    Result<void> process(CommandContext& context, Value input) override
    {
        for (Column& column : columns_) {
            Value value = input;
            if (!column.name.empty()) {
                const auto member = member_of(input, column.name, context.arena());
                if (!member) continue;
                value = *member;
            }
            if (value.is_nil()) continue;
            ++column.count;
            if (is_text_) {
                count_text(column, clixml::to_display_text(value));
            } else {
                PSRP_CHECK(add(context, column, value));
            }
        }
        return {};
    }

    Result<void> end(CommandContext& context) override
    {
        for (const Column& column : columns_) {
            if (column.count == 0 && !column.name.empty()) {
                Failure failure = runtime_failure(
                    "The property \"" + column.name +
                        "\" cannot be found in the input for any objects.",
                    "GenericMeasurePropertyNotFound," + context.definition().type_name,
                    ErrorCategory::InvalidArgument
                );
                failure.exception_type = "System.Management.Automation.PSArgumentException";
                PSRP_CHECK(context.write_error(std::move(failure)));
                continue;
            }
            PSRP_CHECK(
                context.emit(is_text_ ? text_info(context, column) : number_info(context, column))
            );
        }
        return {};
    }

private:
    struct Column {
        std::string name = {};
        std::int64_t count = 0;
        double sum = 0;
        Value least = {};
        Value most = {};
        std::int64_t lines = 0;
        std::int64_t words = 0;
        std::int64_t characters = 0;
    };

    static void count_text(Column& column, std::string_view text)
    {
        if (!text.empty()) ++column.lines;
        bool in_word = false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool blank =
                std::string_view(" \t\r\n\f\v").find(text[i]) != std::string_view::npos;
            if (text[i] == '\n' && i + 1 < text.size()) ++column.lines;
            if (!blank && !in_word) ++column.words;
            in_word = !blank;
        }
        column.characters += static_cast<std::int64_t>(clixml::utf16_length(text));
    }

    Result<void> add(CommandContext& context, Column& column, Value value)
    {
        const Arguments& arguments = context.arguments();
        const bool sums = arguments.flag("Sum") || arguments.flag("Average");
        if (sums) {
            const auto number = to_number(value);
            if (!number) {
                Failure failure = runtime_failure(
                    "Input object \"" + clixml::to_display_text(value) + "\" is not numeric.",
                    "NonNumericInputObject," + context.definition().type_name,
                    ErrorCategory::InvalidType
                );
                failure.exception_type = "System.Management.Automation.PSArgumentException";
                failure.set_target(value);
                return context.write_error(std::move(failure));
            }
            column.sum += number->real;
        }
        if (arguments.flag("Minimum") &&
            (column.least.is_nil() || compare_values(value, column.least, false).value_or(0) < 0)) {
            PSRP_TRY(column.least, context.keep(memory_, value));
        }
        if (arguments.flag("Maximum") &&
            (column.most.is_nil() || compare_values(value, column.most, false).value_or(0) > 0)) {
            PSRP_TRY(column.most, context.keep(memory_, value));
        }
        return {};
    }

    // Numbers are Double here, as in PowerShell.
    static Value measured(Value value)
    {
        const auto number = as_number(value);
        return number ? Value::double_precision(number->real) : value;
    }

    static Value number_info(CommandContext& context, const Column& column)
    {
        Arena& arena = context.arena();
        const Arguments& arguments = context.arguments();
        constexpr std::string_view type = "Microsoft.PowerShell.Commands.GenericMeasureInfo";
        Object* info = clixml::make_live(
            arena, {type, "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"}, type
        );
        const bool some = column.count > 0;
        info->add_adapted(arena, "Count", Value::int32(static_cast<std::int32_t>(column.count)));
        info->add_adapted(
            arena,
            "Average",
            arguments.flag("Average") && some
                ? Value::double_precision(column.sum / static_cast<double>(column.count))
                : Value{}
        );
        info->add_adapted(
            arena,
            "Sum",
            arguments.flag("Sum") && some ? Value::double_precision(column.sum) : Value{}
        );
        info->add_adapted(arena, "Maximum", measured(column.most));
        info->add_adapted(arena, "Minimum", measured(column.least));
        info->add_adapted(arena, "StandardDeviation", Value{});
        info->add_adapted(
            arena, "Property", column.name.empty() ? Value{} : Value::string(arena, column.name)
        );
        return Value::object(info);
    }

    static Value text_info(CommandContext& context, const Column& column)
    {
        Arena& arena = context.arena();
        const Arguments& arguments = context.arguments();
        constexpr std::string_view type = "Microsoft.PowerShell.Commands.TextMeasureInfo";
        Object* info = clixml::make_live(
            arena, {type, "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"}, type
        );
        const auto count = [](bool wanted, std::int64_t number) {
            return wanted ? Value::int32(static_cast<std::int32_t>(number)) : Value{};
        };
        info->add_adapted(arena, "Lines", count(arguments.flag("Line"), column.lines));
        info->add_adapted(arena, "Words", count(arguments.flag("Word"), column.words));
        info->add_adapted(
            arena, "Characters", count(arguments.flag("Character"), column.characters)
        );
        info->add_adapted(
            arena, "Property", column.name.empty() ? Value{} : Value::string(arena, column.name)
        );
        return Value::object(info);
    }

    bool is_text_ = false;
    std::vector<Column> columns_;
    Arena memory_;
};

} // namespace

void add_measure_command(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<MeasureObject>(
            "Measure-Object",
            "MeasureObjectCommand",
            {{"Property", Type::TextList, 0, false, false, {}},
             {"Sum", Type::Switch, -1, false, false, {}},
             {"Average", Type::Switch, -1, false, false, {}},
             {"Maximum", Type::Switch, -1, false, false, {}},
             {"Minimum", Type::Switch, -1, false, false, {}},
             {"Line", Type::Switch, -1, false, false, {}},
             {"Word", Type::Switch, -1, false, false, {}},
             {"Character", Type::Switch, -1, false, false, {}}},
            {"measure"},
            true
        )
    );
}

} // namespace psrp::server
