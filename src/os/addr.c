/* SPDX-License-Identifier: MIT */
/* os/addr.c - network addresses as texts. */
#include "os/os.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

str os_addr_net(str addr, char ret[OS_NET_MAX])
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    unsigned char ip[16];
    char text[INET6_ADDRSTRLEN] = {0};
    str bare = str_trim(addr);
    static_assert(OS_NET_MAX >= INET6_ADDRSTRLEN + 4, "an address and its length");
    if (bare.n >= INET6_ADDRSTRLEN || (bare.n && memchr(bare.p, 0, bare.n))) return S("");
    if (bare.n) memcpy(text, bare.p, bare.n);
    if (inet_pton(AF_INET, text, ip) == 1) memcpy(ret, text, sizeof text);
    else if (inet_pton(AF_INET6, text, ip) != 1) return S("");
    else if (memcmp(ip, mapped, sizeof mapped) == 0) /* IPv4 in the clothes of IPv6 */
        (void)snprintf(ret, OS_NET_MAX, "%d.%d.%d.%d", ip[12], ip[13], ip[14], ip[15]);
    else {
        memset(ip + 8, 0, 8); /* one customer of a provider has all 64 bits behind it */
        if (!inet_ntop(AF_INET6, ip, text, sizeof text)) return S("");
        (void)snprintf(ret, OS_NET_MAX, "%s/64", text);
    }
    return str_from(ret);
}
