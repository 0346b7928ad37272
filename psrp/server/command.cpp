#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/command.hpp>
#include <psrp/server/errors.hpp>
#include <psrp/server/script/convert.hpp>

namespace psrp::server {

const Arguments::Bound* Arguments::find(std::string_view parameter) const
{
    for (const Bound& bound : bound_) {
        if (clixml::equal_ignoring_case(bound.name, parameter)) return &bound;
    }
    return nullptr;
}

Value Arguments::value(std::string_view parameter) const
{
    const Bound* bound = find(parameter);
    return bound == nullptr ? Value{} : bound->value;
}

bool Arguments::flag(std::string_view parameter) const
{
    return is_true(value(parameter));
}

std::string Arguments::text(std::string_view parameter, std::string_view otherwise) const
{
    const Bound* bound = find(parameter);
    return bound == nullptr ? std::string(otherwise) : clixml::to_display_text(bound->value);
}

std::vector<std::string> Arguments::texts(std::string_view parameter) const
{
    std::vector<std::string> result;
    const Value list = value(parameter);
    if (const Object* object = list.object()) {
        for (const Value item : object->items())
            result.push_back(clixml::to_display_text(item));
    }
    return result;
}

std::int64_t Arguments::integer(std::string_view parameter, std::int64_t otherwise) const
{
    const Bound* bound = find(parameter);
    return bound == nullptr ? otherwise : to_integer(bound->value).value_or(otherwise);
}

double Arguments::number(std::string_view parameter, double otherwise) const
{
    const Bound* bound = find(parameter);
    if (bound == nullptr) return otherwise;
    const auto number = to_number(bound->value);
    return number ? number->real : otherwise;
}

void Arguments::set(std::string_view parameter, Value value)
{
    for (Bound& bound : bound_) {
        if (!clixml::equal_ignoring_case(bound.name, parameter)) continue;
        bound.value = value;
        return;
    }
    bound_.push_back({std::string(parameter), value});
}

Result<void> Command::begin(CommandContext& context)
{
    (void)context; // most commands have nothing to prepare
    return {};
}

Result<void> Command::process(CommandContext& context, Value input)
{
    (void)context; // commands that take no input are never given any
    (void)input;
    return {};
}

Result<void> Command::end(CommandContext& context)
{
    (void)context; // most commands that take input are done with it
    return {};
}

Result<void> CommandTable::add(CommandDefinition definition)
{
    const auto taken = [this](const std::string& key) {
        return commands_.count(key) != 0 || aliases_.count(key) != 0;
    };
    const std::string key = clixml::fold_case(definition.name);
    if (taken(key))
        return clixml::failure(Errc::DuplicateCommand, clixml::no_offset, "a name that is free");
    for (const std::string& alias : definition.aliases) {
        if (taken(clixml::fold_case(alias))) {
            return clixml::failure(
                Errc::DuplicateCommand, clixml::no_offset, "an alias that is free"
            );
        }
    }
    auto owned = std::make_unique<CommandDefinition>(std::move(definition));
    for (const std::string& alias : owned->aliases)
        aliases_[clixml::fold_case(alias)] = {alias, owned.get()};
    commands_[key] = std::move(owned);
    return {};
}

const CommandDefinition* CommandTable::find(std::string_view name) const
{
    const std::string key = clixml::fold_case(name);
    if (const auto found = commands_.find(key); found != commands_.end())
        return found->second.get();
    if (const auto found = aliases_.find(key); found != aliases_.end()) return found->second.second;
    return nullptr;
}

void CommandTable::set_fallback(
    CommandDefinition definition, std::function<bool(std::string_view name)> accepts
)
{
    fallback_ = std::make_unique<CommandDefinition>(std::move(definition));
    fallback_accepts_ = std::move(accepts);
}

const CommandDefinition* CommandTable::resolve(std::string_view name) const
{
    const CommandDefinition* found = find(name);
    if (found == nullptr && fallback_ && fallback_accepts_(name)) found = fallback_.get();
    return found;
}

std::vector<const CommandDefinition*> CommandTable::definitions() const
{
    std::vector<const CommandDefinition*> result;
    for (const auto& [key, definition] : commands_)
        result.push_back(definition.get());
    return result;
}

std::vector<std::pair<std::string, const CommandDefinition*>> CommandTable::aliases() const
{
    std::vector<std::pair<std::string, const CommandDefinition*>> result;
    for (const auto& [key, alias] : aliases_)
        result.push_back(alias);
    return result;
}

namespace {

class FunctionCommand final : public Command {
public:
    using Function = std::function<Result<void>(CommandContext&, Value)>;
    explicit FunctionCommand(Function function) : function_(std::move(function)) {}

    Result<void> process(CommandContext& context, Value input) override
    {
        return function_(context, input);
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return function_(context, Value{});
    }

private:
    Function function_;
};

} // namespace

CommandDefinition make_function_command(
    std::string name,
    std::vector<CommandParameter> parameters,
    std::function<Result<void>(CommandContext& context, Value input)> function
)
{
    CommandDefinition definition;
    definition.name = std::move(name);
    definition.type_name = definition.name;
    definition.parameters = std::move(parameters);
    definition.create = [function = std::move(function)] {
        return std::make_unique<FunctionCommand>(function);
    };
    return definition;
}

} // namespace psrp::server
