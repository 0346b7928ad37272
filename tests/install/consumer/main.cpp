// Uses both halves of the installed package: reads a document, opens a session as far as its first
// action.
#include <clixml/reader.hpp>
#include <psrp/protocol/client_pool.hpp>

#include <cstdio>

int main()
{
    const auto document = clixml::Document::read(
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">"
        "<I32>42</I32></Objs>",
        {}
    );
    if (!document || document->value().as<int>().value_or(0) != 42) {
        std::puts("consumer: the document did not read");
        return 1;
    }
    psrp::ClientPoolOptions options;
    options.runspace_pool_id.bytes[0] = 1;
    psrp::ClientPool pool(options);
    if (!pool.open() || !pool.next_action()) {
        std::puts("consumer: the pool did not open");
        return 1;
    }
    std::puts("consumer: ok");
    return 0;
}
