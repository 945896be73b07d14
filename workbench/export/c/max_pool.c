/* The largest level of each window; -127 of an empty one. */
static void net_pool_max(const net_pool *p, const int8_t *x, int8_t *out) {
    int32_t c, i, j, row, col;
    for (c = 0; c < p->channels; c++, x += p->in_h * p->in_w)
        for (i = 0; i < p->out_h; i++)
            for (j = 0; j < p->out_w; j++) {
                int8_t most = -127;
                for (row = p->row_start[i]; row < p->row_end[i]; row++)
                    for (col = p->col_start[j]; col < p->col_end[j]; col++)
                        if (x[row * p->in_w + col] > most) most = x[row * p->in_w + col];
                *out++ = most;
            }
}
