#include <psrp/copy/errors.hpp>
#include <psrp/copy/frames.hpp>
#include <psrp/copy/have_list.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <vector>

using namespace psrp::copy;

namespace {

Digest digest_of(std::string_view text)
{
    Sha256 hash;
    hash.add(clixml::bytes_of(text));
    return hash.digest();
}

struct Sample {
    Bytes bytes;
    std::function<bool(BytesView)> is_read; // whether the content is taken
};

template <typename Read>
Sample sample(const std::function<void(Bytes&)>& write, Read read)
{
    Sample made;
    write(made.bytes);
    made.is_read = [read](BytesView content) { return read(content).has_value(); };
    return made;
}

std::vector<Sample> samples()
{
    return {
        sample(
            [](Bytes& out) {
                write_folder({0755, 42, "a/b"}, out);
            },
            read_folder
        ),
        sample(
            [](Bytes& out) {
                write_file(FrameType::File, {0644, 7, 10, 3, ".a", "a"}, out);
            },
            read_file
        ),
        sample([](Bytes& out) { write_digest(digest_of("abc"), out); }, read_digest),
        sample(
            [](Bytes& out) {
                write_report(FrameType::Trouble, {1, "a", "is bad"}, out);
            },
            read_report
        ),
        sample(
            [](Bytes& out) {
                write_have({1, true, 3, digest_of("abc"), "a"}, out);
            },
            read_have
        ),
        sample([](Bytes& out) { write_consumed(77, out); }, read_consumed),
        sample(
            [](Bytes& out) {
                write_end({1, 2}, out);
            },
            read_end
        ),
    };
}

} // namespace

TEST_CASE("a hash is SHA-256, and a copy of one goes on by itself")
{
    Sha256 hash;
    hash.add(clixml::bytes_of("ab"));
    Sha256 other = hash;
    hash.add(clixml::bytes_of("c"));
    other.add(clixml::bytes_of("d"));
    CHECK(hash.digest() == digest_of("abc"));
    CHECK(other.digest() == digest_of("abd"));
    // FIPS 180-4, example of "abc".
    CHECK(hash.digest()[0] == 0xba);
    CHECK(hash.digest()[31] == 0xad);
}

TEST_CASE("what is written of a file is read again")
{
    Bytes chunk;
    write_file(FrameType::File, {0640, 123456789, 1 << 20, 4096, ".x.psrp-part", "d/x"}, chunk);
    BytesView rest = chunk;
    const auto frame = read_frame(rest);
    REQUIRE(frame);
    CHECK(frame->type == FrameType::File);
    CHECK(rest.empty());
    const auto file = read_file(frame->content);
    REQUIRE(file);
    CHECK(file->mode == 0640);
    CHECK(file->time == 123456789);
    CHECK(file->length == 1 << 20);
    CHECK(file->offset == 4096);
    CHECK(file->partial_name == ".x.psrp-part");
    CHECK(file->path == "d/x");
}

TEST_CASE("every prefix of a frame is BadFrame")
{
    for (const Sample& one : samples()) {
        for (std::size_t size = 0; size < one.bytes.size(); ++size) {
            const tests::ExactBuffer cut(BytesView(one.bytes).first(size));
            BytesView rest = cut.bytes();
            const auto frame = read_frame(rest);
            REQUIRE_FALSE(frame);
            CHECK(frame.error() == make_error_code(CopyErrc::BadFrame));
        }
    }
}

TEST_CASE("fixed fields that are cut short are BadFrame")
{
    for (const Sample& one : samples()) {
        BytesView rest = one.bytes;
        const auto frame = read_frame(rest);
        REQUIRE(frame);
        CHECK(one.is_read(frame->content));
        CHECK_FALSE(one.is_read(frame->content.first(3)));
        CHECK_FALSE(one.is_read(BytesView()));
    }
}

TEST_CASE("an unknown type, a path that leaves and an offset behind the end are refused")
{
    Bytes chunk = {'?', 0, 0, 0, 0};
    BytesView rest = chunk;
    CHECK(read_frame(rest).error() == make_error_code(CopyErrc::BadFrame));
    const auto content_of = [](const Bytes& frame) {
        return BytesView(frame).subspan(frame_header_bytes);
    };
    Bytes folder;
    write_folder({0, 0, "../x"}, folder);
    CHECK(read_folder(content_of(folder)).error() == make_error_code(CopyErrc::UnsafePath));
    Bytes file;
    write_file(FrameType::File, {0, 0, 5, 6, "", "x"}, file);
    CHECK(read_file(content_of(file)).error() == make_error_code(CopyErrc::BadFrame));
    Bytes negative;
    write_file(FrameType::File, {0, 0, -1, 0, "", "x"}, negative);
    CHECK(read_file(content_of(negative)).error() == make_error_code(CopyErrc::BadFrame));
}

TEST_CASE("what is there is remembered up to a limit")
{
    CopyLimits limits;
    limits.haves_max = 2;
    HaveList haves(limits);
    Bytes chunk;
    write_have({0, false, 3, digest_of("abc"), "a"}, chunk);
    write_have({1, true, 4, digest_of("abcd"), "a"}, chunk);
    REQUIRE(haves.take(chunk));
    REQUIRE(haves.find(1, "a") != nullptr);
    CHECK(haves.find(1, "a")->length == 4);
    CHECK(haves.find(1, "b") == nullptr);
    Bytes more;
    write_have({0, false, 3, digest_of("abc"), "c"}, more);
    CHECK(haves.take(more).error() == make_error_code(CopyErrc::TooManyHeld));
    // What is there already is told anew.
    Bytes anew;
    write_have({0, true, 9, digest_of("abc"), "a"}, anew);
    REQUIRE(haves.take(anew));
    CHECK(haves.find(0, "a")->length == 9);
    HaveList again;
    haves.write([&](const Bytes& part) { REQUIRE(again.take(part)); }, 1);
    CHECK(again.find(0, "a") != nullptr);
    CHECK(again.find(1, "a")->is_whole);
}

TEST_CASE("the paths of what is there are taken up to N bytes and not one more")
{
    for (const std::size_t path_bytes_max : {5U, 4U}) {
        CopyLimits limits;
        limits.have_path_bytes_max = path_bytes_max;
        HaveList haves(limits);
        Bytes chunk;
        write_have({0, false, 3, digest_of("abc"), "ab"}, chunk);
        write_have({0, false, 3, digest_of("abc"), "cde"}, chunk);
        CHECK(haves.take(chunk).has_value() == (path_bytes_max == 5));
    }
}
