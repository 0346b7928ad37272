#include <clixml/utf.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/tool/line_editor.hpp>
#include <psrp/transport/poll_source.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <histedit.h>
#include <langinfo.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace psrp::tool {

namespace {

constexpr int history_lines_max = 1000;
constexpr std::size_t shown_completions_max = 200;
constexpr wchar_t interrupt_key = 3;

// A signal handler sees nothing but globals.
std::atomic<bool> has_resized{false};
std::atomic<int> resize_wake{-1};

extern "C" void on_resize(int)
{
    const int saved_errno = errno;
    has_resized = true;
    const int descriptor = resize_wake.load();
    // A full pipe wakes as well.
    if (descriptor >= 0) {
        [[maybe_unused]] const ssize_t written = ::write(descriptor, "", 1);
    }
    errno = saved_errno;
}

// Standard input as a source of the loop: it only says that there is something.
class TypedInput final : public PollSource {
public:
    void append_poll_entries(std::vector<PollEntry>& entries) const override
    {
        if (!is_ready_) entries.push_back({STDIN_FILENO, true, false});
    }
    void on_readable(int) override { is_ready_ = true; }
    void on_writable(int) override {}
    [[nodiscard]] bool take_ready() { return std::exchange(is_ready_, false); }

private:
    bool is_ready_ = false;
};

std::size_t code_points(std::string_view text)
{
    std::size_t count = 0;
    for (const char c : text)
        count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
    return count;
}

} // namespace

class LineEditor::Impl {
public:
    Impl(EventLoop& loop, Behaviour behaviour) : loop_(loop), behaviour_(std::move(behaviour))
    {
        // libedit reads characters by the locale; UTF-8 is what terminals speak.
        std::setlocale(LC_CTYPE, "");
        if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
        editor_ = ::el_init("psrp", stdin, stdout, stderr);
        history_ = ::history_init();
        HistEvent event;
        ::history(history_, &event, H_SETSIZE, history_lines_max);
        ::history(history_, &event, H_SETUNIQUE, 1);
        if (!behaviour_.history_path.empty())
            ::history(history_, &event, H_LOAD, behaviour_.history_path.c_str());
        ::el_set(editor_, EL_CLIENTDATA, this);
        ::el_set(editor_, EL_PROMPT, prompt_of);
        ::el_set(editor_, EL_EDITOR, "emacs");
        ::el_set(editor_, EL_SIGNAL, 0);
        ::el_set(editor_, EL_HIST, ::history, history_);
        ::el_wset(editor_, EL_GETCFN, read_key);
        ::el_set(editor_, EL_ADDFN, "psrp-complete", "Complete", complete_key);
        ::el_set(editor_, EL_ADDFN, "psrp-interrupt", "Give the line up", interrupt);
        ::el_set(editor_, EL_BIND, "^I", "psrp-complete", nullptr);
        ::el_set(editor_, EL_BIND, "^C", "psrp-interrupt", nullptr);
        ::el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
        struct sigaction action {};
        action.sa_handler = on_resize;
        sigemptyset(&action.sa_mask);
        action.sa_flags = SA_RESTART;
        resize_wake = loop.wake_descriptor();
        ::sigaction(SIGWINCH, &action, &resize_before_);
    }
    ~Impl()
    {
        ::sigaction(SIGWINCH, &resize_before_, nullptr);
        resize_wake = -1;
        ::el_end(editor_);
        ::history_end(history_);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Outcome read(const std::string& prompt, std::string& line)
    {
        prompt_ = prompt;
        was_interrupted_ = false;
        interrupts_seen_ = behaviour_.interrupts();
        int count = 0;
        // Only now: what is typed while something runs may be the answer to a question.
        loop_.add(typed_);
        const char* typed = ::el_gets(editor_, &count);
        loop_.remove(typed_);
        (void)typed_.take_ready();
        if (was_interrupted_) return Outcome::Interrupted;
        if (typed == nullptr || count <= 0) return Outcome::End;
        line.assign(typed, static_cast<std::size_t>(count));
        if (line.ends_with('\n')) line.pop_back();
        return Outcome::Line;
    }

    void remember(const std::string& text)
    {
        HistEvent event;
        ::history(history_, &event, H_ENTER, text.c_str());
        if (behaviour_.history_path.empty()) return;
        const mode_t before = ::umask(077);
        ::history(history_, &event, H_SAVE, behaviour_.history_path.c_str());
        ::umask(before);
    }

private:
    static Impl& self(EditLine* editor)
    {
        void* data = nullptr;
        ::el_get(editor, EL_CLIENTDATA, &data);
        return *static_cast<Impl*>(data);
    }

    static char* prompt_of(EditLine* editor) { return self(editor).prompt_.data(); }

    // One character, while the loop goes on.
    static int read_key(EditLine* editor, wchar_t* key) { return self(editor).next_key(*key); }

    int next_key(wchar_t& key)
    {
        std::string bytes;
        while (true) {
            if (has_resized.exchange(false)) resize();
            if (behaviour_.interrupts() > interrupts_seen_) {
                interrupts_seen_ = behaviour_.interrupts();
                key = interrupt_key;
                return 1;
            }
            if (!behaviour_.on_turn()) return 0;
            if (typed_.take_ready()) {
                char c = 0;
                const ssize_t got = ::read(STDIN_FILENO, &c, 1);
                if (got == 0) return 0;
                if (got < 0 && errno != EINTR && errno != EAGAIN) return 0;
                if (got == 1) {
                    bytes += c;
                    if (is_character(bytes, key)) return 1;
                }
                continue;
            }
            if (!loop_.run_once()) return 0;
        }
    }

    // Whether the bytes are one; broken ones are passed over.
    static bool is_character(std::string& bytes, wchar_t& key)
    {
        const auto lead = static_cast<unsigned char>(bytes[0]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (bytes.size() < size) return false;
        std::size_t at = 0;
        if (!clixml::first_invalid_utf8(bytes)) {
            key = static_cast<wchar_t>(clixml::next_code_point(bytes, at));
            return true;
        }
        bytes.clear();
        return false;
    }

    void resize()
    {
        ::el_resize(editor_);
        ::el_set(editor_, EL_REFRESH);
    }

    static unsigned char interrupt(EditLine* editor, int)
    {
        Impl& own = self(editor);
        own.was_interrupted_ = true;
        std::fputs("^C\r\n", stdout);
        std::fflush(stdout);
        // What is typed stays on the screen and is forgotten.
        return CC_NEWLINE;
    }

    static unsigned char complete_key(EditLine* editor, int)
    {
        Impl& own = self(editor);
        const LineInfo* info = ::el_line(editor);
        const std::string line(info->buffer, info->lastchar);
        const auto cursor = static_cast<std::size_t>(info->cursor - info->buffer);
        return own.complete(line, cursor);
    }

    unsigned char complete(const std::string& line, std::size_t cursor)
    {
        LineCompletion found = behaviour_.complete(line, cursor);
        const bool is_sound = found.start <= line.size() &&
                              found.length <= line.size() - found.start && !found.texts.empty();
        if (!is_sound) return CC_REFRESH_BEEP;
        for (std::string& text : found.texts) {
            // What the server says goes to the terminal: one line, nothing but text.
            text = without_escapes(text);
            std::erase_if(text, [](char c) {
                return static_cast<unsigned char>(c) < ' ' || c == 0x7F;
            });
        }
        std::string common = found.texts.front();
        for (const std::string& text : found.texts) {
            const auto differs =
                std::mismatch(common.begin(), common.end(), text.begin(), text.end());
            common.erase(differs.first, common.end());
        }
        while (!common.empty() && clixml::first_invalid_utf8(common))
            common.pop_back();
        const std::string before = line.substr(found.start, found.length);
        if (!common.empty() && common != before && common.size() >= before.size()) {
            replace(line, cursor, found, common);
            return CC_REFRESH;
        }
        if (found.texts.size() == 1) return CC_REFRESH_BEEP;
        show(found.texts);
        return CC_REDISPLAY;
    }

    void replace(
        const std::string& line,
        std::size_t cursor,
        const LineCompletion& found,
        const std::string& text
    )
    {
        const std::size_t end = found.start + found.length;
        const auto points = [&](std::size_t from, std::size_t to) {
            return static_cast<int>(code_points(std::string_view(line).substr(from, to - from)));
        };
        ::el_cursor(editor_, end >= cursor ? points(cursor, end) : -points(end, cursor));
        ::el_deletestr(editor_, points(found.start, end));
        ::el_insertstr(editor_, text.c_str());
    }

    static void show(const std::vector<std::string>& texts)
    {
        std::size_t width = 0;
        for (const std::string& text : texts)
            width = std::max(width, display_width(text) + 2);
        const std::size_t columns = std::max<std::size_t>(1, icm::output_width() / width);
        std::string out = "\n";
        const std::size_t count = std::min(texts.size(), shown_completions_max);
        for (std::size_t i = 0; i < count; ++i) {
            const bool is_last = (i + 1) % columns == 0 || i + 1 == count;
            out += texts[i];
            out += is_last ? "\n" : std::string(width - display_width(texts[i]), ' ');
        }
        if (count < texts.size()) out += "... " + std::to_string(texts.size() - count) + " more\n";
        std::fputs(out.c_str(), stdout);
        std::fflush(stdout);
    }

    EventLoop& loop_;
    Behaviour behaviour_;
    EditLine* editor_ = nullptr;
    History* history_ = nullptr;
    TypedInput typed_;
    struct sigaction resize_before_ {};
    std::string prompt_;
    bool was_interrupted_ = false;
    int interrupts_seen_ = 0;
};

LineEditor::LineEditor(EventLoop& loop, Behaviour behaviour)
    : impl_(std::make_unique<Impl>(loop, std::move(behaviour)))
{
}

LineEditor::~LineEditor() = default;

LineEditor::Outcome LineEditor::read(const std::string& prompt, std::string& line)
{
    return impl_->read(prompt, line);
}

void LineEditor::remember(const std::string& text)
{
    impl_->remember(text);
}

std::string history_file_path()
{
    namespace fs = std::filesystem;
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    fs::path folder;
    if (state != nullptr && *state == '/') {
        folder = state;
    } else if (home != nullptr && *home != '\0') {
        folder = fs::path(home) / ".local/state";
    } else {
        return {};
    }
    std::error_code error;
    fs::create_directories(folder, error);
    folder /= "psrp";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return {};
    return (folder / "history").string();
}

} // namespace psrp::tool
