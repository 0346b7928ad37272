#include <psrp/icm/options.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/terminal_keeper.hpp>

#include <cstdio>
#include <string>
#include <vector>

int main(int argument_count, char** arguments)
{
    const auto options =
        icm::read_options(std::vector<std::string>(arguments + 1, arguments + argument_count));
    if (!options) {
        const icm::Instead& instead = options.error();
        std::fputs(instead.text.c_str(), instead.is_error ? stderr : stdout);
        return instead.is_error ? icm::exit_usage : icm::exit_success;
    }
    const icm::TerminalKeeper keeper;
    return icm::run(*options);
}
