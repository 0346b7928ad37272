// The edge cases of the fact sheet clixml, section 7, by their numbers there: what is read, as it
// serializes again or fails, and what is written.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <limits>

using namespace clixml;

namespace {

struct ReadRow {
    const char* number;
    std::string text;
    std::string expected; // serialized again, or outcome_of(...)
};

std::string refused(Errc code)
{
    return tests::outcome_of(code);
}

std::string custom_object(const std::string& members)
{
    return "<Obj RefId=\"0\"><TN "
           "RefId=\"0\"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></"
           "TN>" +
           members + "</Obj>";
}

void check_rows(const std::vector<ReadRow>& rows, const ReadOptions& options, int depth = 1)
{
    for (const ReadRow& row : rows) {
        INFO(row.number << ": " << row.text);
        CHECK(tests::ReadText(row.text, options).again(depth) == row.expected);
    }
}

struct WriteRow {
    const char* number;
    std::function<Value(Arena&)> make;
    std::string expected;
    int depth = 1;
};

void check_rows(const std::vector<WriteRow>& rows)
{
    for (const WriteRow& row : rows) {
        INFO(row.number);
        Arena arena;
        CHECK(tests::serialized(row.make(arena), row.depth) == row.expected);
    }
}

std::function<Value(Arena&)> text_value(std::string_view text)
{
    return [text](Arena&) { return Value::string(text); };
}

std::function<Value(Arena&)> plain(Value value)
{
    return [value](Arena&) { return value; };
}

const Errc bad_value = Errc::InvalidPrimitive;

} // namespace

TEST_CASE("edge cases 1-21: texts and names are written as PowerShell writes them")
{
    check_rows(std::vector<WriteRow>{
        {"1", text_value(""), "<S></S>"},
        {"2", text_value("a<b>c&d\"e'f]]>"), "<S>a&lt;b&gt;c&amp;d\"e'f]]&gt;</S>"},
        {"3",
         [](Arena& arena) {
             Object* bag = make_bag(arena);
             bag->set_note(arena, "a\"<>&", Value::int32(1));
             return Value::object(bag);
         },
         "<Obj RefId=\"0\"><MS><I32 N=\"a&quot;&lt;&gt;&amp;\">1</I32></MS></Obj>"},
        {"4", text_value("\t\n\r"), "<S>_x0009__x000A__x000D_</S>"},
        {"5 escaped", text_value("\x7F\xC2\x80\xC2\x9F"), "<S>_x007F__x0080__x009F_</S>"},
        {"5 raw", text_value(" ~\xC2\xA0"), "<S> ~\xC2\xA0</S>"},
        {"6 _x", text_value("_x"), "<S>_x005F_x</S>"},
        {"6 _X", text_value("_X"), "<S>_x005F_X</S>"},
        {"6 __x", text_value("__x"), "<S>__x005F_x</S>"},
        {"6 _", text_value("_"), "<S>_</S>"},
        {"6 _y", text_value("_y"), "<S>_y</S>"},
        {"7 pair", text_value("\xF0\x9F\x98\x80"), "<S>_xD83D__xDE00_</S>"},
        {"7 lone", text_value("\xED\xA0\xBD"), "<S>_xD83D_</S>"},
        {"8", text_value("\xEF\xBF\xBE\xEF\xBF\xBF"), "<S>&#xFFFE;&#xFFFF;</S>"},
        {"9",
         text_value("\xE2\x80\xA8\xEF\xBB\xBF\xEF\xBF\xBD"),
         "<S>\xE2\x80\xA8\xEF\xBB\xBF\xEF\xBF\xBD</S>"},
    });
    CHECK(tests::exported(Value::string("\xEF\xBF\xBE")) == refused(Errc::UnwritableCharacter));
}

TEST_CASE("edge cases 10-21: texts and names are read as PowerShell reads them")
{
    using namespace std::string_literals;
    check_rows(
        std::vector<ReadRow>{
            {"10", "<S>_x0041__X0042_</S>", "<S>AB</S>"},
            {"11", "<S>_x0041_x0042_</S>", "<S>Ax0042_</S>"},
            {"12 two digits", "<S>_x41_</S>", "<S>_x005F_x41_</S>"},
            {"12 five digits", "<S>_x00041_</S>", "<S>_x005F_x00041_</S>"},
            {"12 no digits", "<S>_xZZZZ_</S>", "<S>_x005F_xZZZZ_</S>"},
            {"12 no end", "<S>_x0041</S>", "<S>_x005F_x0041</S>"},
            {"13 emoji", "<S>_x0001F600_</S>", "<S>_xD83D__xDE00_</S>"},
            {"13 eight digits", "<S>_x00000041_</S>", "<S>A</S>"},
            {"13 minus one", "<S>_xFFFFFFFF_</S>", "<S>&#xFFFF;</S>"},
            {"13 too large", "<S>_x00110000_</S>", "<S>_x005F_x00110000_</S>"},
            {"14", "<S>ab_x00110000_cd_x0041_e</S>", "<S>abab_x005F_x00110000_cdAe</S>"},
            {"15", "<S>a<!-- x -->b<?p?><![CDATA[<c>]]></S>", "<S>ab&lt;c&gt;</S>"},
            {"16 raw", "<S>a\r\nb</S>", "<S>a_x000A_b</S>"},
            {"16 raw CR", "<S>a\rb</S>", "<S>a_x000A_b</S>"},
            {"16 references", "<S>a&#13;&#10;b</S>", "<S>a_x000D__x000A_b</S>"},
            {"17 reference", "<S>a&#0;b</S>", "<S>a_x0000_b</S>"},
            {"17 raw control", "<S>\x01</S>", refused(Errc::InvalidCharacter)},
            {"17 raw NUL", "<S>\0</S>"s, refused(Errc::InvalidCharacter)},
            {"17 raw FFFF", "<S>\xEF\xBF\xBF</S>", refused(Errc::InvalidCharacter)},
            {"18 entity", "<S>&nbsp;</S>", refused(Errc::UndeclaredEntity)},
            {"18 DTD", "<!DOCTYPE S><S>a</S>", refused(Errc::DtdProhibited)},
            {"19", "<S>a<B>true</B></S>", refused(Errc::UnexpectedNode)},
            {"20 escape",
             "<Obj><MS><B N=\"_x000A_\">true</B></MS></Obj>",
             custom_object("<MS><B N=\"_x000A_\">true</B></MS>")},
            {"20 reference",
             "<Obj><MS><B N=\"a&#10;b\">true</B></MS></Obj>",
             custom_object("<MS><B N=\"a_x000A_b\">true</B></MS>")},
            {"20 raw newline",
             "<Obj><MS><B N=\"a\nb\">true</B></MS></Obj>",
             custom_object("<MS><B N=\"a b\">true</B></MS>")},
            {"21 note", "<Obj><MS><B N=\"\">true</B></MS></Obj>", refused(Errc::EmptyName)},
            {"21 adapted",
             "<Obj><Props><B N=\"\">true</B></Props></Obj>",
             custom_object("<Props><B N=\"\">true</B></Props>")},
        },
        tests::bare_options()
    );
}

TEST_CASE("edge cases 22-47: primitives are written as PowerShell writes them")
{
    const double infinity = std::numeric_limits<double>::infinity();
    const auto moment = [](std::int64_t fraction, DateTimeKind kind, int offset) {
        return Value::date_time(
            {ticks_of_day(2020, 1, 2) + fraction, kind, static_cast<std::int16_t>(offset)}
        );
    };
    check_rows(std::vector<WriteRow>{
        {"22 -0", plain(Value::double_precision(-0.0)), "<Db>-0</Db>"},
        {"22 NaN", plain(Value::double_precision(std::nan(""))), "<Db>NaN</Db>"},
        {"22 INF", plain(Value::double_precision(infinity)), "<Db>INF</Db>"},
        {"22 -INF", plain(Value::double_precision(-infinity)), "<Db>-INF</Db>"},
        {"23 1e16", plain(Value::double_precision(1e16)), "<Db>10000000000000000</Db>"},
        {"23 1e17", plain(Value::double_precision(1e17)), "<Db>1E+17</Db>"},
        {"23 1e-4", plain(Value::double_precision(1e-4)), "<Db>0.0001</Db>"},
        {"23 1e-5", plain(Value::double_precision(1e-5)), "<Db>1E-05</Db>"},
        {"24 1e8", plain(Value::single(1e8F)), "<Sg>100000000</Sg>"},
        {"24 1e9", plain(Value::single(1e9F)), "<Sg>1E+09</Sg>"},
        {"25 1.10",
         [](Arena& arena) { return Value::decimal(arena, *Decimal::read("1.10")); },
         "<D>1.10</D>"},
        {"25 0.0",
         [](Arena& arena) { return Value::decimal(arena, *Decimal::read("-0.0")); },
         "<D>0.0</D>"},
        {"26", plain(Value::character({0x41})), "<C>65</C>"},
        {"32 Utc", plain(moment(0, DateTimeKind::Utc, 0)), "<DT>2020-01-02T00:00:00Z</DT>"},
        {"32 Local",
         plain(moment(0, DateTimeKind::Local, -300)),
         "<DT>2020-01-02T00:00:00-05:00</DT>"},
        {"32 Local is UTC",
         plain(moment(0, DateTimeKind::Local, 0)),
         "<DT>2020-01-02T00:00:00+00:00</DT>"},
        {"32 Unspecified",
         plain(moment(0, DateTimeKind::Unspecified, 0)),
         "<DT>2020-01-02T00:00:00</DT>"},
        {"33 .12",
         plain(moment(1200000, DateTimeKind::Unspecified, 0)),
         "<DT>2020-01-02T00:00:00.12</DT>"},
        {"33 one tick",
         plain(moment(1, DateTimeKind::Unspecified, 0)),
         "<DT>2020-01-02T00:00:00.0000001</DT>"},
        {"37 0", plain(Value::time_span({0})), "<TS>PT0S</TS>"},
        {"37 1 day", plain(Value::time_span({ticks_per_day})), "<TS>P1D</TS>"},
        {"37 -5 ticks", plain(Value::time_span({-5})), "<TS>-PT0.0000005S</TS>"},
        {"38",
         [](Arena& arena) {
             return Value::guid(arena, *Guid::read("ABCDEF01-0506-0708-090A-0B0C0D0E0F10"));
         },
         "<G>abcdef01-0506-0708-090a-0b0c0d0e0f10</G>"},
        {"39", plain(Value::uri("http://h/\xC3\xA9?q= ")), "<URI>http://h/\xC3\xA9?q= </URI>"},
        {"40", plain(Value::bytes({})), "<BA />"},
        {"43", plain(Value::xml_document("<a>x</a>")), "<XD>&lt;a&gt;x&lt;/a&gt;</XD>"},
        {"44",
         [](Arena& arena) {
             return Value::object(make_enum(arena, "System.DayOfWeek", "Monday", 1));
         },
         "<Obj RefId=\"0\"><TN "
         "RefId=\"0\"><T>System.DayOfWeek</T><T>System.Enum</T><T>System.ValueType</"
         "T><T>System.Object</T></TN><ToString>Monday</ToString><I32>1</I32></Obj>"},
        {"45", plain(Value::secure_string("eAA=")), "<SS>eAA=</SS>"},
        {"45 empty", plain(Value::secure_string("")), "<SS></SS>"},
        {"47",
         [](Arena& arena) {
             ProgressRecord record;
             record.activity = "act";
             record.activity_id = 1;
             record.status_description = "st";
             return Value::progress(arena, record);
         },
         "<PR><AV>act</AV><AI>1</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Processing</T><SR>-1</"
         "SR><SD>st</SD></PR>"},
    });
}

TEST_CASE("edge cases 26-46: primitives are read as PowerShell reads them")
{
    check_rows(
        std::vector<ReadRow>{
            {"26 letter", "<C>A</C>", refused(bad_value)},
            {"26 65536", "<C>65536</C>", refused(bad_value)},
            {"26 surrogate", "<C>55296</C>", "<C>55296</C>"},
            {"27 blanks", "<I32> 5 </I32>", "<I32>5</I32>"},
            {"27 plus", "<I32>+5</I32>", "<I32>5</I32>"},
            {"27 hex", "<I32>0x5</I32>", refused(bad_value)},
            {"27 comma", "<I32>1,000</I32>", refused(bad_value)},
            {"27 point", "<I32>1.0</I32>", refused(bad_value)},
            {"27 empty", "<I32></I32>", refused(bad_value)},
            {"27 overflow", "<I32>2147483648</I32>", refused(bad_value)},
            {"28 By", "<By>+5</By>", refused(bad_value)},
            {"28 U32", "<U32>-0</U32>", refused(bad_value)},
            {"28 SB", "<SB>+5</SB>", "<SB>5</SB>"},
            {"29 1", "<B>1</B>", "<B>true</B>"},
            {"29 blanks", "<B> true </B>", "<B>true</B>"},
            {"29 True", "<B>True</B>", refused(bad_value)},
            {"30 infinity", "<Db>infinity</Db>", "<Db>INF</Db>"},
            {"30 +INF", "<Db>+INF</Db>", refused(bad_value)},
            {"30 inf", "<Db>inf</Db>", refused(bad_value)},
            {"30 1e999", "<Db>1e999</Db>", "<Db>INF</Db>"},
            {"31 exponent", "<D>1e5</D>", refused(bad_value)},
            {"31 overflow", "<D>79228162514264337593543950336</D>", refused(bad_value)},
            {"31 long fraction",
             "<D>0.12345678901234567890123456785</D>",
             "<D>0.1234567890123456789012345678</D>"},
            {"34 round up",
             "<DT>2020-01-02T03:04:05.00000015Z</DT>",
             "<DT>2020-01-02T03:04:05.0000002Z</DT>"},
            {"34 round down",
             "<DT>2020-01-02T03:04:05.00000005Z</DT>",
             "<DT>2020-01-02T03:04:05Z</DT>"},
            {"34 no seconds", "<DT>2020-01-02T03:04Z</DT>", refused(bad_value)},
            {"34 24:00:00", "<DT>2020-01-02T24:00:00</DT>", refused(bad_value)},
            {"34 date", "<DT>2020-01-02</DT>", "<DT>2020-01-02T00:00:00</DT>"},
            {"35", "<DT>0001-01-01T00:00:00+05:00</DT>", "<DT>0001-01-01T00:00:00+00:00</DT>"},
            {"36", "<DT>9999-12-31T23:59:59.99999999Z</DT>", refused(Errc::TimeOutOfRange)},
            {"37 P1Y", "<TS>P1Y</TS>", "<TS>P365D</TS>"},
            {"37 P1W", "<TS>P1W</TS>", refused(bad_value)},
            {"37 overflow", "<TS>P99999999D</TS>", refused(Errc::TimeOutOfRange)},
            {"38 braces",
             "<G> {ABCDEF01-0506-0708-090A-0B0C0D0E0F10} </G>",
             "<G>abcdef01-0506-0708-090a-0b0c0d0e0f10</G>"},
            {"38 N",
             "<G>ABCDEF0105060708090A0B0C0D0E0F10</G>",
             "<G>abcdef01-0506-0708-090a-0b0c0d0e0f10</G>"},
            {"39 relative", "<URI>a/b c</URI>", "<URI>a/b c</URI>"},
            {"39 empty", "<URI></URI>", "<URI></URI>"},
            {"39 bracket", "<URI>http://[</URI>", refused(bad_value)},
            {"40", "<BA> A Q\nID</BA>", "<BA>AQID</BA>"},
            {"40 length", "<BA>AQI</BA>", refused(Errc::InvalidBase64)},
            {"41", "<SemanticVersion>1.2.3</SemanticVersion>", refused(Errc::UnknownElement)},
            {"43 DTD",
             "<XD>&lt;!DOCTYPE a [&lt;!ENTITY e \"x\"&gt;]&gt;&lt;a&gt;&amp;e;&lt;/a&gt;</XD>",
             "<XD>&lt;!DOCTYPE a[&lt;!ENTITY e \"x\"&gt;]&gt;&lt;a&gt;x&lt;/a&gt;</XD>"},
            {"43 two roots", "<XD>&lt;a/&gt;&lt;b/&gt;</XD>", refused(bad_value)},
            {"43 text", "<XD>a</XD>", refused(bad_value)},
            {"43 empty", "<XD/>", "<XD></XD>"},
            {"45 empty, session", "<SS></SS>", "<SS></SS>"},
            {"46", "<SBK>1+1</SBK>", "<S>1+1</S>"},
            {"48 order",
             "<PR><AI>1</AI><AV>a</AV><Nil/><PI>-1</PI><PC>-1</PC><T>Processing</T><SR>-1</"
             "SR><SD>s</SD></PR>",
             refused(Errc::UnexpectedNode)},
            {"48 percent",
             "<PR><AV>a</AV><AI>1</AI><Nil/><PI>-1</PI><PC>500</PC><T>Processing</T><SR>-1</"
             "SR><SD>s</SD></PR>",
             refused(bad_value)},
            {"48 parent",
             "<PR><AV>a</AV><AI>1</AI><Nil/><PI>1</PI><PC>5</PC><T>Processing</T><SR>-1</"
             "SR><SD>s</SD></PR>",
             refused(bad_value)},
        },
        tests::bare_options()
    );
    check_rows(
        std::vector<ReadRow>{
            {"45 empty, file", tests::in_document("<SS></SS>"), refused(Errc::InvalidSecret)},
            {"45 file", tests::in_document("<SS>7800</SS>"), "<SS>7800</SS>"},
        },
        {}
    );
}

TEST_CASE("edge cases 84-99: objects are read as PowerShell reads them")
{
    const std::string list_of =
        "<Obj RefId=\"0\"><TN "
        "RefId=\"0\"><T>System.Collections.ArrayList</T><T>System.Object</T>"
        "</TN><LST>";
    const std::string table_of =
        "<Obj RefId=\"0\"><TN "
        "RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT>";
    check_rows(
        std::vector<ReadRow>{
            {"84, 115", "<Obj><I32>5</I32></Obj>", "<I32>5</I32>"},
            {"85",
             "<Obj><TN><T>A</T></TN><I32>5</I32></Obj>",
             "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.A</T></TN><I32>5</I32></Obj>"},
            {"86",
             "<Obj><TN><T>Deserialized.A</T><T>deserialized.B</T></TN></Obj>",
             "<Obj RefId=\"0\"><TN "
             "RefId=\"0\"><T>Deserialized.A</T><T>deserialized.B</T></TN></Obj>"},
            {"87 empty", "<Obj><TN RefId=\"0\"/></Obj>", "<Obj RefId=\"0\" />"},
            {"87 dropped", "<Obj><TN><T></T></TN></Obj>", "<Obj RefId=\"0\" />"},
            {"88", "<Obj><TNRef RefId=\"9\"/></Obj>", refused(Errc::UnresolvedTypeNamesRef)},
            {"88 without id", "<Obj><TNRef/></Obj>", refused(Errc::MissingRefId)},
            {"89 unknown", "<Ref RefId=\"5\"/>", refused(Errc::UnresolvedRef)},
            {"89 forward",
             "<Obj><LST><Ref RefId=\"1\"/><Obj RefId=\"1\"/></LST></Obj>",
             refused(Errc::UnresolvedRef)},
            {"89 without id", "<Ref/>", refused(Errc::MissingRefId)},
            {"90 blank",
             "<Obj RefId=\"x y\"><LST><Ref RefId=\"x y\"/></LST></Obj>",
             list_of + "<Ref RefId=\"0\" /></LST></Obj>"},
            {"90 01 is not 1",
             "<Obj RefId=\"1\"><LST><Ref RefId=\"01\"/></LST></Obj>",
             refused(Errc::UnresolvedRef)},
            {"91",
             "<Obj><LST><Obj RefId=\"1\"><LST/></Obj><Obj RefId=\"1\"><LST/></Obj><Ref "
             "RefId=\"1\"/></LST></Obj>",
             list_of + "<Obj RefId=\"1\"><TNRef RefId=\"0\" /><LST /></Obj><Obj "
                       "RefId=\"2\"><TNRef RefId=\"0\" /><LST /></Obj><Ref RefId=\"2\" "
                       "/></LST></Obj>"},
            {"92",
             "<Obj><MS><I32 N=\"a\">1</I32><I32 N=\"b\">2</I32><I32 N=\"A\">3</I32></MS></Obj>",
             custom_object("<MS><I32 N=\"A\">3</I32><I32 N=\"b\">2</I32></MS>")},
            {"93 Props",
             "<Obj><Props><I32 N=\"a\">1</I32></Props><Props><I32 N=\"b\">2</I32></Props></Obj>",
             custom_object("<Props><I32 N=\"b\">2</I32></Props>")},
            {"93 MS",
             "<Obj><MS><I32 N=\"a\">1</I32></MS><MS><I32 N=\"b\">2</I32></MS></Obj>",
             custom_object("<MS><I32 N=\"a\">1</I32><I32 N=\"b\">2</I32></MS>")},
            {"94", "<Obj><I32>1</I32><S>x</S></Obj>", "<S>x</S>"},
            {"95 base", "<Obj><Nil/></Obj>", refused(Errc::UnknownElement)},
            {"95 Ref base",
             "<Obj RefId=\"0\"><Ref RefId=\"0\"/></Obj>",
             refused(Errc::UnknownElement)},
            {"95 contents",
             "<Obj><LST><Nil>junk<S>1</S></Nil></LST></Obj>",
             list_of + "<Nil /></LST></Obj>"},
            {"96 text", "<Obj>a</Obj>", refused(Errc::UnexpectedNode)},
            {"96 CDATA", "<Obj><![CDATA[ ]]></Obj>", refused(Errc::UnexpectedNode)},
            {"96 white space",
             "<Obj>\n <LST>\t<I32>1</I32> </LST>\r\n</Obj>",
             list_of + "<I32>1</I32></LST></Obj>"},
            {"97 swapped",
             "<Obj><DCT><En><I32 N=\"Value\">1</I32><S N=\"Key\">a</S></En></DCT></Obj>",
             refused(Errc::DictionaryKeyName)},
            {"97 null",
             "<Obj><DCT><En><Nil N=\"Key\"/><I32 N=\"Value\">1</I32></En></DCT></Obj>",
             refused(Errc::DictionaryKeyNull)},
            {"97 empty", "<Obj><DCT><En/></DCT></Obj>", refused(Errc::DictionaryKeyMissing)},
            {"97 no value",
             "<Obj><DCT><En><S N=\"Key\">a</S></En></DCT></Obj>",
             refused(Errc::DictionaryValueMissing)},
            {"97 wrong value",
             "<Obj><DCT><En><S N=\"Key\">a</S><S N=\"Valu\">a</S></En></DCT></Obj>",
             refused(Errc::DictionaryValueName)},
            {"97 names ignore case",
             "<Obj><DCT><En><S N=\"kEY\">a</S><S N=\"vALUE\">b</S></En></DCT></Obj>",
             table_of + "<En><S N=\"Key\">a</S><S N=\"Value\">b</S></En></DCT></Obj>"},
            {"97 third",
             "<Obj><DCT><En><S N=\"Key\">a</S><S N=\"Value\">b</S><B "
             "N=\"X\">1</B></En></DCT></Obj>",
             refused(Errc::UnexpectedNode)},
            {"97 no entry", "<Obj><DCT><S>a</S></DCT></Obj>", refused(Errc::UnknownElement)},
            {"99", "<Obj><MS><B>true</B></MS></Obj>", refused(Errc::MissingName)},
            {"99 n", "<Obj><MS><B n=\"a\">true</B></MS></Obj>", refused(Errc::MissingName)},
            {"99 x:N",
             "<Obj xmlns:x=\"u\"><MS><B x:N=\"a\">true</B></MS></Obj>",
             refused(Errc::MissingName)},
        },
        tests::bare_options()
    );
}

TEST_CASE("edge cases 100-109: documents and messages are told apart as PowerShell does")
{
    const std::string bag_list =
        "<Obj RefId=\"0\"><TN "
        "RefId=\"0\"><T>System.Collections.ArrayList</T><T>System.Object</T></"
        "TN><LST>";
    const std::string start_1_2 = "<Objs Version=\"1.2\" "
                                  "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";
    const auto with_version = [](const std::string& version) {
        return "<Objs Version=\"" + version +
               "\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><B>1</B></Objs>";
    };
    check_rows(
        std::vector<ReadRow>{
            {"100 1.1", tests::in_document("<Obj><X/><LST/></Obj>"), refused(Errc::UnknownElement)},
            {"100 1.2",
             start_1_2 + "<Obj><X><Y>z</Y></X><LST/></Obj></Objs>",
             "<Obj RefId=\"0\"><TN "
             "RefId=\"0\"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST "
             "/></Obj>"},
            {"100 in MS",
             start_1_2 + "<Obj><MS><X N=\"a\"/></MS></Obj></Objs>",
             refused(Errc::UnknownElement)},
            {"100 in LST",
             start_1_2 + "<Obj><LST><X/></LST></Obj></Objs>",
             refused(Errc::UnknownElement)},
            {"100 top", start_1_2 + "<X/></Objs>", refused(Errc::UnknownElement)},
            {"101 2.0", with_version("2.0"), refused(Errc::UnsupportedVersion)},
            {"101 1", with_version("1"), refused(Errc::InvalidVersion)},
            {"101 empty", with_version(""), refused(Errc::InvalidVersion)},
            {"101 -1.0", with_version("-1.0"), refused(Errc::InvalidVersion)},
            {"101 abc", with_version("abc"), refused(Errc::InvalidVersion)},
            {"101 1.0", with_version("1.0"), "<B>true</B>"},
            {"101 1.99", with_version("1.99"), "<B>true</B>"},
            {"101 leading blank", with_version(" 1.1"), "<B>true</B>"},
            {"102 none", "<Objs Version=\"1.1\"><B>1</B></Objs>", refused(Errc::WrongRoot)},
            {"102 prefix",
             "<p:Objs xmlns:p=\"http://schemas.microsoft.com/powershell/2004/04\"><p:S>a</p:S></"
             "p:Objs>",
             "<S>a</S>"},
            {"102 reference in the name",
             "<Objs xmlns=\"http:&#47;/schemas.microsoft.com/powershell/2004/04\"><S>a</S></Objs>",
             "<S>a</S>"},
            {"102 numbers in another namespace",
             tests::in_document("<x:I32 xmlns:x=\"u\">5</x:I32>"),
             "<I32>5</I32>"},
            {"102 texts in another namespace",
             tests::in_document("<x:S xmlns:x=\"u\">5</x:S>"),
             refused(Errc::UnknownElement)},
            {"103 text between",
             tests::in_document("<B>1</B>x<B>1</B>"),
             refused(Errc::UnexpectedNode)},
            {"103 junk", tests::in_document("<B>1</B>") + "x", refused(Errc::MalformedXml)},
            {"103 blanks", tests::in_document("<B>1</B>") + " \n", "<B>true</B>"},
            {"103 second root",
             tests::in_document("<B>1</B>") + "<a/>",
             refused(Errc::TrailingContent)},
            {"104 blank", " " + tests::in_document("<B>1</B>"), "<B>true</B>"},
            {"104 declaration",
             "<?xml version=\"1.0\"?>" + tests::in_document("<B>1</B>"),
             "<B>true</B>"},
            {"104 mark", "\xEF\xBB\xBF" + tests::in_document("<B>1</B>"), "<B>true</B>"},
            {"105", tests::in_document("<Nil/>"), "<Nil />"},
            {"107", tests::in_document("<S>\xC0\x80</S>"), refused(Errc::InvalidUtf8)},
            {"107 CESU",
             tests::in_document("<S>\xED\xA0\xBD\xED\xB8\x80</S>"),
             refused(Errc::InvalidUtf8)},
        },
        {}
    );
    check_rows(
        std::vector<ReadRow>{
            {"104 blank", " <B>1</B>", refused(Errc::UnexpectedNode)},
            {"104 declaration", "<?xml version=\"1.0\"?><B>1</B>", refused(Errc::UnexpectedNode)},
            {"104 mark", "\xEF\xBB\xBF<B>1</B>", "<B>true</B>"},
            {"104 comment", "<!-- c --><?p?><B>1</B> ", "<B>true</B>"},
            {"106", "<B>1</B><B>1</B>", refused(Errc::TrailingContent)},
            {"106 Objs", tests::in_document("<B>1</B>"), refused(Errc::UnknownElement)},
            {"106 namespaces",
             "<Obj xmlns=\"u\"><LST><I32>5</I32></LST></Obj>",
             bag_list + "<I32>5</I32></LST></Obj>"},
            {"106 namespace and text",
             "<Obj xmlns=\"u\"><LST><S>5</S></LST></Obj>",
             refused(Errc::UnknownElement)},
            {"109",
             "<Obj><ToString/></Obj>",
             "<Obj RefId=\"0\"><TN "
             "RefId=\"0\"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></"
             "TN><ToString /></Obj>"},
        },
        tests::bare_options()
    );
    Arena arena;
    auto null_root = read_message_value("<Nil/>", arena, {});
    REQUIRE_FALSE(null_root);
    CHECK(null_root.error().code == Errc::NullRoot);
}

TEST_CASE("edge case 98: a dictionary is ordered by its first type name, read before it")
{
    // Which table PowerShell builds shows only in the type of an object without names of its own.
    const tests::ReadText ordered(
        "<Obj><TN><T>System.Collections.Specialized.OrderedDictionary</T></TN><DCT><En><S "
        "N=\"Key\">b</S><B N=\"Value\">1</B></En><En><S N=\"Key\">a</S><B "
        "N=\"Value\">0</B></En></DCT></Obj>",
        tests::bare_options()
    );
    REQUIRE(ordered.good());
    const Object& object = *ordered.value().object();
    CHECK(object.is_type("System.Collections.Specialized.OrderedDictionary"));
    CHECK(object.entry_count() == 2);
    CHECK(object.items()[0].text() == "b");
    CHECK(object.entry("A")->as<bool>() == false);
}

TEST_CASE("edge cases 113-120: what was read serializes again as PowerShell does")
{
    const std::string table = "<T>Deserialized.System.Collections.Hashtable</"
                              "T><T>Deserialized.System.Object</T>";
    check_rows(
        std::vector<ReadRow>{
            {"113",
             "<Obj RefId=\"0\"><TN "
             "RefId=\"0\"><T>E</T><T>System.Enum</T></TN><ToString>Red</ToString><I32>2</I32></"
             "Obj>",
             "<Obj RefId=\"0\"><TN "
             "RefId=\"0\"><T>Deserialized.E</T><T>Deserialized.System.Enum</T></TN><ToString>Red</"
             "ToString><I32>2</I32></Obj>"},
            {"114",
             "<Obj RefId=\"0\"><TN RefId=\"0\"><T>H</T></TN><IE><I32>1</I32></IE><Props><I32 "
             "N=\"Count\">1</I32></Props></Obj>",
             "<Obj RefId=\"0\"><TN "
             "RefId=\"0\"><T>Deserialized.H</T></TN><LST><I32>1</I32></LST><Props><I32 "
             "N=\"Count\">1</I32></Props></Obj>"},
            {"116 with Props",
             "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><Props><Obj N=\"b\" RefId=\"1\"><TN "
             "RefId=\"1\"><T>B</T></TN><Props><Obj N=\"c\" RefId=\"2\"><TN "
             "RefId=\"2\"><T>C</T></TN><Props><I32 "
             "N=\"d\">1</I32></Props></Obj></Props></Obj></Props></Obj>",
             "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.A</T></TN><Props><Obj N=\"b\" "
             "RefId=\"1\"><TN RefId=\"1\"><T>Deserialized.B</T></TN><Props><Obj N=\"c\" "
             "RefId=\"2\"><TN RefId=\"2\"><T>Deserialized.C</T></TN><Props><I32 "
             "N=\"d\">1</I32></Props></Obj></Props></Obj></Props></Obj>"},
            {"116 without Props",
             "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><Props><Obj N=\"b\" RefId=\"1\"><TN "
             "RefId=\"1\"><T>B</T></TN><ToString>y</ToString></Obj></Props></Obj>",
             "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.A</T></TN><Props><Obj N=\"b\" "
             "RefId=\"1\"><TN RefId=\"1\"><T>Deserialized.B</T></TN><ToString>y</ToString><S>y</"
             "S></Obj></Props></Obj>"},
            {"117",
             "<Obj><TN><T>A</T></TN><Props/></Obj>",
             "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.A</T></TN></Obj>"},
            {"118", "<DT>2020-01-02T03:04:05+05:00</DT>", "<DT>2020-01-01T22:04:05+00:00</DT>"},
            {"119",
             "<Obj RefId=\"0\"><TN "
             "RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S "
             "N=\"Key\">a</S><I32 N=\"Value\">1</I32></En></DCT></Obj>",
             "<Obj RefId=\"0\"><TN RefId=\"0\">" + table +
                 "</TN><DCT><En><S N=\"Key\">a</S><I32 N=\"Value\">1</I32></En></DCT></Obj>"},
        },
        tests::bare_options()
    );
}
