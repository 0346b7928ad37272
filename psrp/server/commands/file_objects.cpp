#include <clixml/object.hpp>
#include <psrp/server/commands/file_objects.hpp>
#include <psrp/server/script/operators.hpp>
#include <psrp/server/system.hpp>

#include <filesystem>
#include <unistd.h>

namespace psrp::server {

namespace {

constexpr std::string_view provider = "Microsoft.PowerShell.Core\\FileSystem";

clixml::DateTime utc_of(const clixml::DateTime& local)
{
    clixml::DateTime result;
    result.kind = clixml::DateTimeKind::Utc;
    result.ticks = local.utc_ticks();
    return result;
}

// drwxr-xr-x
std::string unix_mode(mode_t mode)
{
    std::string text = "----------";
    if (S_ISDIR(mode)) text[0] = 'd';
    if (S_ISLNK(mode)) text[0] = 'l';
    if (S_ISCHR(mode)) text[0] = 'c';
    if (S_ISBLK(mode)) text[0] = 'b';
    if (S_ISFIFO(mode)) text[0] = 'p';
    if (S_ISSOCK(mode)) text[0] = 's';
    constexpr std::string_view letters = "rwxrwxrwx";
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if ((mode & (0400U >> i)) != 0) text[i + 1] = letters[i];
    }
    if ((mode & S_ISUID) != 0) text[3] = text[3] == 'x' ? 's' : 'S';
    if ((mode & S_ISGID) != 0) text[6] = text[6] == 'x' ? 's' : 'S';
    if ((mode & S_ISVTX) != 0) text[9] = text[9] == 'x' ? 't' : 'T';
    return text;
}

// "UserRead, UserWrite": .NET's UnixFileMode.
std::string file_mode_names(mode_t mode)
{
    struct Row {
        mode_t bit;
        std::string_view name;
    };
    static constexpr Row rows[] = {
        {01, "OtherExecute"},
        {02, "OtherWrite"},
        {04, "OtherRead"},
        {010, "GroupExecute"},
        {020, "GroupWrite"},
        {040, "GroupRead"},
        {0100, "UserExecute"},
        {0200, "UserWrite"},
        {0400, "UserRead"},
        {01000, "StickyBit"},
        {02000, "SetGroup"},
        {04000, "SetUser"},
    };
    std::string text;
    for (const Row& row : rows) {
        if ((mode & row.bit) != 0) text.append(text.empty() ? "" : ", ").append(row.name);
    }
    return text.empty() ? "None" : text;
}

struct Facts {
    struct stat own {};    // of the entry itself
    struct stat target {}; // of what a link leads to; else the same
    bool link = false;
    bool folder = false;
    bool hidden = false;
    bool read_only = false;
};

std::string attribute_names(const Facts& facts)
{
    std::string text;
    const auto add = [&text](std::string_view name) {
        text.append(text.empty() ? "" : ", ").append(name);
    };
    if (facts.read_only) add("ReadOnly");
    if (facts.hidden) add("Hidden");
    if (facts.folder) add("Directory");
    if (facts.link) add("ReparsePoint");
    return text.empty() ? "Normal" : text;
}

// d a r h s l, as PowerShell's Mode column has them.
std::string mode_letters(const Facts& facts)
{
    std::string text = "-----";
    text[0] = facts.link ? 'l' : (facts.folder ? 'd' : '-');
    if (facts.read_only) text[2] = 'r';
    if (facts.hidden) text[3] = 'h';
    return text;
}

void add_times(Arena& arena, Object& object, const struct stat& facts)
{
    const clixml::DateTime changed = local_time(facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec);
    const clixml::DateTime written = local_time(facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
    const clixml::DateTime accessed = local_time(facts.st_atim.tv_sec, facts.st_atim.tv_nsec);
    // Where the birth time is not known .NET takes the earlier of change and write.
    const clixml::DateTime created = changed.ticks < written.ticks ? changed : written;
    const auto add = [&](std::string_view name, const clixml::DateTime& time) {
        object.add_adapted(arena, name, Value::date_time(time));
        object.add_adapted(arena, std::string(name) + "Utc", Value::date_time(utc_of(time)));
    };
    add("CreationTime", created);
    add("LastAccessTime", accessed);
    add("LastWriteTime", written);
}

void add_notes(
    Arena& arena,
    Object& object,
    const std::filesystem::path& path,
    const Facts& facts,
    Value link_target
)
{
    const auto note = [&](std::string_view name, std::string_view text) {
        object.add_note(arena, name, Value::string(arena, text));
    };
    const std::string name = path.filename().string();
    const std::string parent = path.parent_path().string();
    note("PSPath", std::string(provider) + "::" + path.string());
    note("PSParentPath", path == "/" ? std::string() : std::string(provider) + "::" + parent);
    note("PSChildName", name.empty() ? "/" : name);
    note("PSDrive", "/");
    note("PSProvider", provider);
    object.add_note(arena, "PSIsContainer", Value::boolean(facts.folder));
    note("UnixMode", unix_mode(facts.own.st_mode));
    note("User", user_name(facts.own.st_uid));
    note("Group", group_name(facts.own.st_gid));
    object.add_note(arena, "Size", Value::int64(facts.own.st_size));
    note("Mode", mode_letters(facts));
    note("ModeWithoutHardLink", mode_letters(facts));
    // A leading dot is no extension.
    note("BaseName", facts.folder ? name : path.stem().string());
    object.add_note(
        arena, "ResolvedTarget", facts.link ? link_target : Value::string(arena, path.string())
    );
    object.add_note(arena, "Target", link_target);
    object.add_note(arena, "LinkType", facts.link ? Value::string("SymbolicLink") : Value{});
    note("NameString", name);
    note("LengthString", facts.folder ? std::string() : std::to_string(facts.target.st_size));
    const auto written = format_date(
        local_time(facts.target.st_mtim.tv_sec, facts.target.st_mtim.tv_nsec), "MM/dd/yyyy    HH:mm"
    );
    note("LastWriteTimeString", written.value_or(std::string()));
}

} // namespace

std::optional<FileObject> make_file_object(Arena& arena, const std::string& text)
{
    Facts facts;
    if (lstat(text.c_str(), &facts.own) != 0) return std::nullopt;
    const std::filesystem::path path(text);
    facts.link = S_ISLNK(facts.own.st_mode);
    if (stat(text.c_str(), &facts.target) != 0) facts.target = facts.own;
    facts.folder = S_ISDIR(facts.target.st_mode);
    const std::string name = path.filename().string();
    facts.hidden = name.size() > 1 && name.front() == '.';
    facts.read_only = access(text.c_str(), W_OK) != 0;
    Value link_target;
    if (facts.link) {
        std::error_code error;
        const auto target = std::filesystem::read_symlink(path, error);
        if (!error) link_target = Value::string(arena, target.string());
    }
    Object* object = clixml::make_live(
        arena,
        {facts.folder ? "System.IO.DirectoryInfo" : "System.IO.FileInfo",
         "System.IO.FileSystemInfo",
         "System.MarshalByRefObject",
         "System.Object"},
        text
    );
    const auto add = [&](std::string_view property, std::string_view value) {
        object->add_adapted(arena, property, Value::string(arena, value));
    };
    const std::string parent = path == "/" ? std::string() : path.parent_path().string();
    add("Name", name.empty() ? "/" : name);
    if (facts.folder) {
        object->add_adapted(
            arena, "Parent", parent.empty() ? Value{} : Value::string(arena, parent)
        );
        add("Root", "/");
    } else {
        object->add_adapted(arena, "Length", Value::int64(facts.target.st_size));
        add("DirectoryName", parent);
        add("Directory", parent);
        object->add_adapted(arena, "IsReadOnly", Value::boolean(facts.read_only));
    }
    object->add_adapted(arena, "Exists", Value::boolean(true));
    add("FullName", text);
    add("Extension", path.extension().string());
    add_times(arena, *object, facts.target);
    object->add_adapted(arena, "LinkTarget", link_target);
    add("UnixFileMode", file_mode_names(facts.target.st_mode));
    add("Attributes", attribute_names(facts));
    add_notes(arena, *object, path, facts, link_target);
    return FileObject{Value::object(object), facts.folder, facts.link};
}

} // namespace psrp::server
