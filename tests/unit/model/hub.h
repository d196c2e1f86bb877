/* hub.h - a hub on this machine: an HTTP server in a thread that gives one body, in ways that go wrong.
 *
 * One connection at a time, one request each. */
#ifndef HX_TESTS_MODEL_HUB_H
#define HX_TESTS_MODEL_HUB_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "huaxiang/base.h"

typedef struct {
    const char *body;
    size_t len;
    size_t cut; /* the answer ends after so many bytes; 0 = never */
    bool no_ranges; /* answers with all of it, whatever was asked for */
    bool hide_length; /* no Content-Length: the end of the connection is the end */
    int status; /* 0 = 200 or 206 */
    const char *location; /* of a redirection */
    int listener;
    unsigned requests;
    char last[1024]; /* head of the last request */
    pthread_t thread;
    char address[64]; /* http://127.0.0.1:PORT */
} test_hub;

static void hub_send(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0) return;
        p += sent;
        n -= (size_t)sent;
    }
}

static void hub_head(test_hub *h, int fd) {
    size_t at = 0;
    while (at + 1 < sizeof h->last) {
        ssize_t n = recv(fd, h->last + at, sizeof h->last - 1 - at, 0);
        if (n <= 0) break;
        at += (size_t)n;
        h->last[at] = '\0';
        if (strstr(h->last, "\r\n\r\n")) break;
    }
    h->last[at] = '\0';
}

static void hub_answer(test_hub *h, int fd) {
    char head[512];
    const char *range = strstr(h->last, "Range: bytes=");
    size_t from = range && !h->no_ranges ? strtoul(range + 13, NULL, 10) : 0;
    int status = h->status ? h->status : range && !h->no_ranges ? 206 : 200;
    if (from > h->len) from = h->len;
    size_t n = h->len - from;
    int at = snprintf(head, sizeof head, "HTTP/1.1 %d x\r\nConnection: close\r\n", status);
    if (!h->hide_length)
        at += snprintf(head + at, sizeof head - (size_t)at, "Content-Length: %zu\r\n", n);
    if (status == 206)
        at += snprintf(head + at, sizeof head - (size_t)at, "Content-Range: bytes %zu-%zu/%zu\r\n",
                       from, h->len - 1, h->len);
    if (h->location)
        at += snprintf(head + at, sizeof head - (size_t)at, "Location: %s\r\n", h->location);
    at += snprintf(head + at, sizeof head - (size_t)at, "\r\n");
    hub_send(fd, head, (size_t)at);
    hub_send(fd, h->body + from, h->cut && h->cut < n ? h->cut : n);
}

static void *hub_serve(void *context) {
    test_hub *h = context;
    for (;;) {
        int fd = accept(h->listener, NULL, NULL);
        if (fd < 0) return NULL;
        hub_head(h, fd);
        h->requests++;
        hub_answer(h, fd);
        close(fd);
    }
}

static void hub_start(test_hub *h) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(h->listener >= 0);
    assert_int_equal(bind(h->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(h->listener, 8), 0);
    assert_int_equal(getsockname(h->listener, (struct sockaddr *)&a, &n), 0);
    (void)snprintf(h->address, sizeof h->address, "http://127.0.0.1:%u", ntohs(a.sin_port));
    assert_int_equal(pthread_create(&h->thread, NULL, hub_serve, h), 0);
}

static void hub_stop(test_hub *h) {
    (void)shutdown(h->listener, SHUT_RDWR);
    (void)pthread_join(h->thread, NULL);
    close(h->listener);
}

#endif
