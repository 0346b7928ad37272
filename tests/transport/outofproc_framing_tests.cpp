#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_framing.hpp>
#include <tests/support/exact_buffer.hpp>
#include <tests/transport/wire_text.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace psrp;
using tests::pid;
using tests::pid_text;
using tests::with_guids;

namespace {

// What a line holds, as text: the elements and then the error, if any.
std::vector<std::string>
read_line(std::string_view text, ElementSender sender, LineLimits limits = {})
{
    const tests::ExactBuffer exact(text);
    ElementReader reader(exact.text(), sender, limits);
    std::vector<std::string> found;
    while (true) {
        const auto element = reader.next();
        if (!element) {
            found.push_back("!" + element.error().code.message());
            return found;
        }
        if (!*element) return found;
        const Element& read = **element;
        std::string row(element_table[static_cast<std::size_t>(read.kind)].name);
        row += read.channel.is_zero() ? " zero" : " " + read.channel.text();
        if (read.kind == ElementKind::Data) {
            row += read.stream == Stream::Default ? " Default " : " PromptResponse ";
            row += clixml::text_of(read.bytes);
        }
        found.push_back(row);
    }
}

std::string failed(TransportErrc code)
{
    return "!" + make_error_code(code).message();
}

const std::string command = "Command " + std::string(pid_text);
const std::string data = "Data zero Default abc";

} // namespace

TEST_CASE("elements are written exactly as PowerShell writes them")
{
    std::string out;
    append_data(session_channel, Stream::Default, clixml::bytes_of("abc"), out);
    append_data(pid(), Stream::PromptResponse, clixml::bytes_of("a"), out);
    for (const ElementRow& row : element_table) {
        if (row.kind != ElementKind::Data) append_element(row.kind, pid(), out);
    }
    CHECK(
        out == with_guids("<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\n"
                          "<Data Stream='PromptResponse' PSGuid='@P'>YQ==</Data>\n"
                          "<Command PSGuid='@P' />\n"
                          "<Close PSGuid='@P' />\n"
                          "<Signal PSGuid='@P' />\n"
                          "<DataAck PSGuid='@P' />\n"
                          "<CommandAck PSGuid='@P' />\n"
                          "<CloseAck PSGuid='@P' />\n"
                          "<SignalAck PSGuid='@P' />\n")
    );
}

TEST_CASE("what is written reads back the same")
{
    for (const ElementRow& row : element_table) {
        for (const std::size_t size : {1U, 2U, 3U, 32768U}) {
            Element element{row.kind, pid(), Stream::Default, {}};
            if (row.kind == ElementKind::Data) {
                element.stream = Stream::PromptResponse;
                element.bytes = Bytes(size, 0x5A);
            }
            std::string line;
            append_element(element, line);
            line.pop_back();
            const auto sender = row.client_sends ? ElementSender::Client : ElementSender::Server;
            ElementReader reader(line, sender);
            const auto read = reader.next();
            REQUIRE(read);
            REQUIRE(*read);
            CHECK(**read == element);
            const auto end = reader.next();
            REQUIRE(end);
            CHECK_FALSE(*end);
        }
    }
}

TEST_CASE("what a reader of client lines accepts")
{
    struct Row {
        const char* line;
        std::vector<std::string> expected;
    };
    const Row rows[] = {
        {"<Data Stream='Default' PSGuid='@Z'>YWJj</Data>", {data}},
        {"<Data Stream=\"Default\" PSGuid=\"@Z\">YWJj</Data>", {data}},
        {"<Data PSGuid='@Z' Stream='Default'>YWJj</Data>", {data}},
        {"<Data\tPSGuid = '@Z'  Stream= 'default' >YWJj</Data >", {data}},
        {"<Data Stream='foo' PSGuid='@Z'>YWJj</Data>", {data}},
        {"<Data Stream='' PSGuid='@Z'>YWJj</Data>", {data}},
        {"<Data Stream='promptRESPONSE' PSGuid='@Z'>YWJj</Data>", {"Data zero PromptResponse abc"}},
        {"<Data Stream='Default' PSGuid='@Z'> YW\tJj  </Data>", {data}},
        {"<Data Stream='Default' PSGuid='@Z'>&#89;W&#x4A;j</Data>", {data}},
        {"<Data Stream='Default' PSGuid='@Z'><!-- c -->YWJj</Data>", {data}},
        {"<Data Stream='Default' PSGuid='@Z'>YWJj<!-- c --></Data>", {data}},
        {"<Command PSGuid='AABBCCDD-0011-2233-4455-66778899AABB' />", {command}},
        {"<Command PSGuid='{aabbccdd-0011-2233-4455-66778899aabb}'/>", {command}},
        {"<Command PSGuid='(aabbccdd-0011-2233-4455-66778899aabb)'/>", {command}},
        {"<Command PSGuid='aabbccdd00112233445566778899aabb'/>", {command}},
        {"<Command PSGuid='&#97;abbccdd-0011-2233-4455-66778899aabb'/>", {command}},
        {"<Command PSGuid='@P'></Command>", {command}},
        {"<!-- c --><Command PSGuid='@P' /><!----><?pi x?>", {command}},
        {"<Command PSGuid='@P' /><Signal PSGuid='@P' />",
         {command, "Signal " + std::string(pid_text)}},
        {"", {}},
        {"<!-- only a comment -->", {}},
    };
    for (const Row& row : rows) {
        INFO(row.line);
        CHECK(read_line(with_guids(row.line), ElementSender::Client) == row.expected);
    }
}

TEST_CASE("the short way for plain Data takes nothing else and gives the same")
{
    const std::string plain = "<Data Stream='Default' PSGuid='@Z'>YWJj</Data>";
    struct Row {
        std::string line;
        bool is_plain;
    };
    const Row rows[] = {
        {plain, true},
        {"<Data Stream='PromptResponse' PSGuid='@P'>YQ==</Data>", true},
        {"<Data Stream='Default' PSGuid='@Z'> YW\tJj  </Data>", true},
        {"<Data Stream='default' PSGuid='@Z'>YWJj</Data>", false},
        {"<Data Stream=\"Default\" PSGuid=\"@Z\">YWJj</Data>", false},
        {"<Data PSGuid='@Z' Stream='Default'>YWJj</Data>", false},
        {"<Data Stream='Default' PSGuid='@Z' x=''>YWJj</Data>", false},
        {"<Data Stream='Default' PSGuid='@Z'></Data>", false},
        {"<Data Stream='Default' PSGuid='@Z'>  </Data>", false},
        {"<Data Stream='Default' PSGuid='@Z'>YWJ</Data>", false},
        {"<Data Stream='Default' PSGuid='@Z'>YWJj</Data><Data", false},
        {plain + plain, false},
        {plain + " ", false},
        {" " + plain, false},
        {"<Data Stream='Default' PSGuid='@Z'>&#89;WJj</Data>", false},
        {"<Data Stream='Default' PSGuid='@Z'>YWJj</data>", false},
        {"<Command PSGuid='@P' />", false},
        {"", false},
    };
    for (const Row& row : rows) {
        INFO(row.line);
        const std::string line = with_guids(row.line);
        const auto element = read_plain_data(line);
        CHECK(element.has_value() == row.is_plain);
        if (!element) continue;
        ElementReader reader(line, ElementSender::Client);
        CHECK(**reader.next() == *element);
    }
    const std::string line = with_guids(plain);
    for (std::size_t size = 0; size < line.size(); ++size)
        CHECK_FALSE(read_plain_data(std::string_view(line).substr(0, size)));
}

TEST_CASE("which rule a faulty client line breaks, and what took effect before")
{
    struct Row {
        const char* line;
        TransportErrc code;
        std::vector<std::string> before;
    };
    using enum TransportErrc;
    const Row rows[] = {
        {"Welcome!", StrayText, {}},
        {"Welcome <Command PSGuid='@P' />", StrayText, {}},
        {"\xEF\xBB\xBF<Command PSGuid='@P' />", StrayText, {}},
        {"<Command PSGuid='@P' />text", StrayText, {command}},
        {"   ", UnknownNodeType, {}},
        {" <Command PSGuid='@P' />", UnknownNodeType, {}},
        {"<Command PSGuid='@P' /> ", UnknownNodeType, {command}},
        {"<Command PSGuid='@P'>text</Command>", UnknownNodeType, {command}},
        {"<Command PSGuid='@P'> </Command>", UnknownNodeType, {command}},
        {"<![CDATA[x]]>", UnknownNodeType, {}},
        {"<?xml version='1.0'?><Command PSGuid='@P' />", UnknownNodeType, {}},
        {"<Data Stream='Default' PSGuid='@Z'>YWJj<!-- -->YWJj</Data>", UnknownNodeType, {data}},
        {"<data Stream='Default' PSGuid='@Z'>YWJj</data>", UnknownElement, {}},
        {"<Foo/>", UnknownElement, {}},
        {"<DataAck PSGuid='@P' />", UnknownElement, {}},
        {"<CommandAck PSGuid='@P' />", UnknownElement, {}},
        {"<CloseAck PSGuid='@P' />", UnknownElement, {}},
        {"<SignalAck PSGuid='@P' />", UnknownElement, {}},
        {"<Data PSGuid='@Z'>YWJj</Data>", WrongDataAttributeCount, {}},
        {"<Data Stream='Default' PSGuid='@Z' X='1'>YWJj</Data>", WrongDataAttributeCount, {}},
        {"<x:Data xmlns:x='u' Stream='Default' PSGuid='@Z'>YWJj</x:Data>",
         WrongDataAttributeCount,
         {}},
        {"<Data>YWJj</Data>", WrongDataAttributeCount, {}},
        {"<Command/>", WrongAttributeCount, {}},
        {"<Command PSGuid='@P' Stream='Default' />", WrongAttributeCount, {}},
        {"<x:Command xmlns:x='u' PSGuid='@P' />", WrongAttributeCount, {}},
        {"<Command a='' b='' c='' d='' PSGuid='@P' />", WrongAttributeCount, {}},
        {"<Command psguid='@P' />", MissingAttribute, {}},
        {"<Data stream='Default' PSGuid='@Z'>YWJj</Data>", MissingAttribute, {}},
        {"<Data Stream='Default' psguid='@Z'>YWJj</Data>", MissingAttribute, {}},
        {"<Data Stream='Default' PSGuid='@Z'></Data>", OnlyTextInData, {}},
        {"<Data Stream='Default' PSGuid='@Z'>  </Data>", OnlyTextInData, {}},
        {"<Data Stream='Default' PSGuid='@Z'><![CDATA[YWJj]]></Data>", OnlyTextInData, {}},
        {"<Data Stream='Default' PSGuid='@Z'><Command PSGuid='@P' /></Data>", OnlyTextInData, {}},
        {"<Data Stream='Default' PSGuid='@Z' />", InsufficientData, {}},
        {"<Data Stream='Default' PSGuid='@Z'>", InsufficientData, {}},
        {"<Command PSGuid='xyz' />", InvalidGuid, {}},
        {"<Command PSGuid='' />", InvalidGuid, {}},
        {"<Data Stream='Default' PSGuid='@P0'>YWJj</Data>", InvalidGuid, {}},
        {"<Data Stream='Default' PSGuid='@Z'>AA*A</Data>", InvalidBase64, {}},
        {"<Data Stream='Default' PSGuid='@Z'>YWJjZA</Data>", InvalidBase64, {}},
        {"<Data Stream='Default' PSGuid='@Z'>YWJj", MalformedXml, {data}},
        {"<Data Stream='Default' PSGuid='@Z'>YWJj</Date>", MalformedXml, {data}},
        {"<Data Stream='Default' PSGuid='@Z'>YWJj</Data", MalformedXml, {data}},
        {"<Data Stream='Default' PSGuid='@Z'>Y&foo;j</Data>", MalformedXml, {}},
        {"<Data Stream='Default' PSGuid='@Z'>Y&#0;j</Data>", MalformedXml, {}},
        {"<Data Stream='Default' PSGuid='@Z'>Y&#xD800;j</Data>", MalformedXml, {}},
        {"<Data Stream='Default' PSGuid='@Z'>Y&#99999999999;j</Data>", MalformedXml, {}},
        {"<Data Stream='Default' PSGuid='@Z'>Y&#x;j</Data>", MalformedXml, {}},
        {"<Data Stream='Default' PSGuid='@Z'>Y&", MalformedXml, {}},
        {"<Command PSGuid='@P'", MalformedXml, {}},
        {"<Command PSGuid='@P", MalformedXml, {}},
        {"<Command PSGuid=@P />", MalformedXml, {}},
        {"<Command PSGuid='@P'PSGuid2='' />", MalformedXml, {}},
        {"<Command PSGuid='@P' PSGuid='@P' />", MalformedXml, {}},
        {"<Command PSGuid='<' />", MalformedXml, {}},
        {"<Command PSGuid />", MalformedXml, {}},
        {"<Command / >", MalformedXml, {}},
        {"<>", MalformedXml, {}},
        {"<", MalformedXml, {}},
        {"</Command>", MalformedXml, {}},
        {"<Command PSGuid='@P'></Command></Command>", MalformedXml, {command}},
        {"<!-- never closed", MalformedXml, {}},
        {"<!-- a -- b -->", MalformedXml, {}},
        {"<!DOCTYPE x>", MalformedXml, {}},
        {"<?pi", MalformedXml, {}},
        {"<? ?>", MalformedXml, {}},
    };
    for (const Row& row : rows) {
        INFO(row.line);
        std::vector<std::string> expected = row.before;
        expected.push_back(failed(row.code));
        CHECK(read_line(with_guids(row.line), ElementSender::Client) == expected);
    }
}

TEST_CASE("a client takes the server's elements only")
{
    for (const ElementRow& row : element_table) {
        const std::string line = with_guids("<" + std::string(row.name) + " PSGuid='@P' />");
        if (row.kind == ElementKind::Data) continue;
        INFO(line);
        const auto from_server = read_line(line, ElementSender::Server);
        const auto from_client = read_line(line, ElementSender::Client);
        CHECK((from_server.front() == failed(TransportErrc::UnknownElement)) == !row.server_sends);
        CHECK((from_client.front() == failed(TransportErrc::UnknownElement)) == !row.client_sends);
    }
}

TEST_CASE("every prefix of a good line is an error or nothing, never a wrong element")
{
    const std::string line = with_guids("<Data Stream='Default' PSGuid='@Z'>YWJjZGVm</Data>");
    for (std::size_t size = 1; size < line.size(); ++size) {
        INFO("prefix of " << size);
        const auto found = read_line(std::string_view(line).substr(0, size), ElementSender::Client);
        REQUIRE_FALSE(found.empty());
        CHECK(found.back().starts_with("!"));
    }
}

TEST_CASE("elements nest N deep and no deeper")
{
    const std::string open = with_guids("<Command PSGuid='@P'>");
    const auto nested = [&](std::size_t depth) {
        std::string line;
        for (std::size_t i = 0; i < depth; ++i)
            line += open;
        for (std::size_t i = 0; i < depth; ++i)
            line += "</Command>";
        return line;
    };
    CHECK(read_line(nested(3), ElementSender::Client, {.depth_max = 3}).size() == 3);
    const auto found = read_line(nested(4), ElementSender::Client, {.depth_max = 3});
    CHECK(found.back() == failed(TransportErrc::NestingTooDeep));
}

TEST_CASE("an error names the place in the line")
{
    const std::string line = with_guids("<Command PSGuid='@P' />text");
    ElementReader reader(line, ElementSender::Client);
    REQUIRE(reader.next());
    const auto failure = reader.next();
    REQUIRE_FALSE(failure);
    CHECK(failure.error().offset == line.size() - 4);
}

TEST_CASE("error lines are known by their prefix, whatever its case")
{
    std::string out;
    append_error_line("one\r\ntwo", out);
    CHECK(out == "__NamedPipeError__:one  two\n");
    CHECK(read_error_line("__NamedPipeError__:text") == "text");
    CHECK(read_error_line("__namedPIPEerror__:") == "");
    CHECK_FALSE(read_error_line("__NamedPipeError__"));
    CHECK_FALSE(read_error_line(" __NamedPipeError__:text"));
    CHECK_FALSE(read_error_line("__HyperVSocketError__:text"));
    CHECK_FALSE(read_error_line(""));
}
