// Get-ChildItem, Get-Item, Get-Location, Set-Location.
#include <clixml/utf.hpp>
#include <psrp/server/commands/file_objects.hpp>
#include <psrp/server/commands/paths.hpp>
#include <psrp/server/commands/standard.hpp>
#include <psrp/server/script/pattern.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <filesystem>

namespace psrp::server {

namespace {

// Names in a folder, sorted ignoring case; empty where it cannot be read (`error` is errno then).
std::vector<std::string> names_in(const std::string& folder, int& error)
{
    std::vector<std::string> names;
    DIR* stream = opendir(folder.c_str());
    error = stream == nullptr ? errno : 0;
    if (stream == nullptr) return names;
    while (const dirent* entry = readdir(stream)) { // each stream belongs to one thread
        const std::string name = entry->d_name;
        if (name != "." && name != ".." && clixml::is_valid_wtf8(name)) names.push_back(name);
    }
    closedir(stream);
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        const std::string left = clixml::fold_case(a);
        const std::string right = clixml::fold_case(b);
        return left == right ? a < b : left < right;
    });
    return names;
}

std::string joined(const std::string& folder, std::string_view name)
{
    return folder.back() == '/' ? folder + std::string(name) : folder + "/" + std::string(name);
}

Failure access_failure(const CommandContext& context, const std::string& path)
{
    Failure failure = runtime_failure(
        "Access to the path '" + path + "' is denied.",
        "DirUnauthorizedAccessError," + context.definition().type_name,
        ErrorCategory::PermissionDenied
    );
    failure.exception_type = "System.UnauthorizedAccessException";
    failure.set_target(Value::string(path));
    return failure;
}

bool is_any(const std::vector<std::string>& patterns, std::string_view name)
{
    return std::any_of(patterns.begin(), patterns.end(), [name](const auto& one) {
        return matches_wildcard(one, name);
    });
}

// The -Path arguments, -LiteralPath arguments, or the pipeline's objects, one after the other.
template <typename Visit>
Result<void> for_each_path(CommandContext& context, std::string_view otherwise, Visit visit)
{
    const Arguments& arguments = context.arguments();
    for (const std::string& path : arguments.texts("LiteralPath"))
        PSRP_CHECK(visit(path, true));
    if (arguments.has("LiteralPath")) return {};
    for (const std::string& path : arguments.texts("Path"))
        PSRP_CHECK(visit(path, false));
    if (arguments.has("Path")) return {};
    return visit(std::string(otherwise), true);
}

class GetItem final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return show(context, path_of(input), true);
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return for_each_path(context, ".", [&](const std::string& path, bool literal) {
            return show(context, path, literal);
        });
    }

private:
    static Result<void> show(CommandContext& context, const std::string& pattern, bool literal)
    {
        const bool force = context.arguments().flag("Force");
        for (const std::string& path : expand_path(context.session(), pattern, literal)) {
            const auto found = make_file_object(context.arena(), path);
            if (!found) {
                PSRP_CHECK(context.write_error(path_not_found(path, context.definition().type_name))
                );
                continue;
            }
            const std::string name = path.substr(path.rfind('/') + 1);
            if (name.size() > 1 && name.front() == '.' && !force && !literal &&
                has_wildcard(pattern))
                continue;
            PSRP_CHECK(context.emit(found->value));
        }
        return {};
    }
};

class GetChildItem final : public Command {
public:
    Result<void> begin(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        filter_ = arguments.text("Filter");
        include_ = arguments.texts("Include");
        exclude_ = arguments.texts("Exclude");
        recurse_ = arguments.flag("Recurse") || arguments.has("Depth");
        depth_max_ = arguments.has("Depth") ? arguments.integer("Depth") : INT64_MAX;
        return {};
    }

    Result<void> process(CommandContext& context, Value input) override
    {
        return list(context, path_of(input), true);
    }

    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return for_each_path(context, ".", [&](const std::string& path, bool literal) {
            return list(context, path, literal);
        });
    }

private:
    Result<void> list(CommandContext& context, const std::string& pattern, bool literal)
    {
        for (const std::string& path : expand_path(context.session(), pattern, literal)) {
            const auto found = make_file_object(context.arena(), path);
            if (!found) {
                PSRP_CHECK(context.write_error(path_not_found(path, context.definition().type_name))
                );
            } else if (found->folder && (literal || !has_wildcard(pattern) || recurse_)) {
                PSRP_CHECK(folder(context, path, 0));
            } else {
                PSRP_CHECK(show(context, path, *found));
            }
            context.forget_values();
        }
        return {};
    }

    // The entries of one folder; with -Recurse the folders among them afterwards, as PowerShell
    // does.
    Result<void> folder(CommandContext& context, const std::string& path, std::int64_t depth)
    {
        constexpr std::int64_t levels_max = 256;
        int error = 0;
        const std::vector<std::string> names = names_in(path, error);
        if (error != 0) return context.write_error(access_failure(context, path));
        std::vector<std::string> inner;
        for (const std::string& name : names) {
            PSRP_CHECK(context.check_stop());
            if (name.front() == '.' && !context.arguments().flag("Force")) continue;
            const std::string whole = joined(path, name);
            const auto found = make_file_object(context.arena(), whole);
            if (!found) continue; // gone in the meantime
            if (found->folder && !found->link) inner.push_back(whole);
            PSRP_CHECK(show(context, whole, *found));
            context.forget_values();
        }
        if (!recurse_ || depth >= depth_max_ || depth >= levels_max) return {};
        for (const std::string& one : inner)
            PSRP_CHECK(folder(context, one, depth + 1));
        return {};
    }

    Result<void> show(CommandContext& context, const std::string& path, const FileObject& found)
    {
        const Arguments& arguments = context.arguments();
        const std::string name = path.substr(path.rfind('/') + 1);
        if (!filter_.empty() && !matches_wildcard(filter_, name)) return {};
        if (!include_.empty() && !is_any(include_, name)) return {};
        if (is_any(exclude_, name)) return {};
        if (arguments.flag("File") && found.folder) return {};
        if (arguments.flag("Directory") && !found.folder) return {};
        if (arguments.flag("Name")) return context.emit(Value::string(name));
        return context.emit(found.value);
    }

    std::string filter_;
    std::vector<std::string> include_;
    std::vector<std::string> exclude_;
    bool recurse_ = false;
    std::int64_t depth_max_ = 0;
};

Value location_object(CommandContext& context)
{
    Arena& arena = context.arena();
    const std::string& path = context.session().location();
    Object* info =
        clixml::make_live(arena, {"System.Management.Automation.PathInfo", "System.Object"}, path);
    info->add_adapted(arena, "Drive", Value::string("/"));
    info->add_adapted(arena, "Provider", Value::string("Microsoft.PowerShell.Core\\FileSystem"));
    info->add_adapted(arena, "ProviderPath", Value::string(arena, path));
    info->add_adapted(arena, "Path", Value::string(arena, path));
    return Value::object(info);
}

class GetLocation final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        return context.emit(location_object(context));
    }
};

class SetLocation final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return go(context, path_of(input), true);
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        const bool literal = context.arguments().has("LiteralPath");
        return go(
            context, context.arguments().text(literal ? "LiteralPath" : "Path", "~"), literal
        );
    }

private:
    static Result<void> go(CommandContext& context, const std::string& pattern, bool literal)
    {
        const std::vector<std::string> paths = expand_path(context.session(), pattern, literal);
        std::error_code error;
        if (paths.size() != 1 || !std::filesystem::is_directory(paths.front(), error)) {
            const std::string shown = paths.size() == 1 ? paths.front() : pattern;
            return context.write_error(path_not_found(shown, context.definition().type_name));
        }
        context.session().set_location(paths.front());
        return context.arguments().flag("PassThru") ? context.emit(location_object(context))
                                                    : Result<void>{};
    }
};

} // namespace

std::vector<std::string>
expand_path(const SessionState& session, std::string_view pattern, bool literal)
{
    constexpr std::string_view provider = "Microsoft.PowerShell.Core\\FileSystem::";
    if (pattern.substr(0, provider.size()) == provider) pattern.remove_prefix(provider.size());
    const std::string whole = session.resolve(pattern);
    if (literal || !has_wildcard(whole)) return {whole};
    std::vector<std::string> found = {"/"};
    for (std::size_t at = 1; at <= whole.size() && !found.empty();) {
        const std::size_t end = std::min(whole.find('/', at), whole.size());
        const std::string part = whole.substr(at, end - at);
        at = end + 1;
        std::vector<std::string> next;
        for (const std::string& folder : found) {
            std::error_code error;
            if (!has_wildcard(part)) {
                if (std::filesystem::exists(joined(folder, part), error))
                    next.push_back(joined(folder, part));
                continue;
            }
            int failed = 0;
            for (const std::string& name : names_in(folder, failed)) {
                if (name.front() == '.' && part.front() != '.') continue;
                if (matches_wildcard(part, name) && next.size() < paths_max)
                    next.push_back(joined(folder, name));
            }
        }
        found = std::move(next);
    }
    return found;
}

std::string path_of(Value value)
{
    if (const Object* object = value.object()) {
        for (const char* name : {"PSPath", "FullName", "Path"}) {
            const Value path = object->get(name);
            if (!path.is_nil()) return clixml::to_display_text(path);
        }
    }
    return clixml::to_display_text(value);
}

void add_file_commands(CommandTable& table)
{
    using Type = ParameterType;
    const CommandParameter literal{
        "LiteralPath", Type::TextList, -1, false, false, {"PSPath", "LP"}};
    const CommandParameter force{"Force", Type::Switch, -1, false, false, {}};
    add_standard(
        table,
        define<GetItem>(
            "Get-Item",
            "GetItemCommand",
            {{"Path", Type::TextList, 0, false, false, {}}, literal, force},
            {"gi"},
            true
        )
    );
    add_standard(
        table,
        define<GetChildItem>(
            "Get-ChildItem",
            "GetChildItemCommand",
            {{"Path", Type::TextList, 0, false, false, {}},
             {"Filter", Type::Text, 1, false, false, {}},
             literal,
             {"Include", Type::TextList, -1, false, false, {}},
             {"Exclude", Type::TextList, -1, false, false, {}},
             {"Recurse", Type::Switch, -1, false, false, {"s", "r"}},
             {"Depth", Type::Int32, -1, false, false, {}},
             {"File", Type::Switch, -1, false, false, {"af"}},
             {"Directory", Type::Switch, -1, false, false, {"ad"}},
             {"Name", Type::Switch, -1, false, false, {}},
             force},
            {"ls", "dir", "gci"},
            true
        )
    );
    add_standard(
        table, define<GetLocation>("Get-Location", "GetLocationCommand", {}, {"pwd", "gl"})
    );
    add_standard(
        table,
        define<SetLocation>(
            "Set-Location",
            "SetLocationCommand",
            {{"Path", Type::Text, 0, false, false, {}},
             {"LiteralPath", Type::Text, -1, false, false, {"PSPath", "LP"}},
             {"PassThru", Type::Switch, -1, false, false, {}}},
            {"cd", "sl", "chdir"},
            true
        )
    );
}

} // namespace psrp::server
