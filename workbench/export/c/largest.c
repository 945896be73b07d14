static void net_largest(const net_extreme *p, const int8_t *a, const int8_t *b, int8_t *out) {
    int32_t c, i;
    for (c = 0; c < p->channels; c++)
        for (i = 0; i < p->plane; i++) {
            int8_t left = a[c * p->a_channel_step + i * p->a_step];
            int8_t right = b[c * p->b_channel_step + i * p->b_step];
            *out++ = left > right ? left : right;
        }
}
