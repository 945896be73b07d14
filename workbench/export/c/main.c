#ifndef NET_NO_MAIN
#include <stdio.h>

/* net INPUT OUTPUT: read the int8 input, run, write every blob of net_blobs, one after the other.
   int32 blobs are written in the byte order of this machine. */
int main(int argc, char **argv) {
    static int8_t input[NET_INPUT_BYTES];
    FILE *file;
    int32_t i;
    int done;
    if (argc != 3) {
        fprintf(stderr, "usage: %s INPUT OUTPUT\n", argv[0]);
        return 2;
    }
    file = fopen(argv[1], "rb");
    if (!file || fread(input, 1, sizeof input, file) != sizeof input || fgetc(file) != EOF) {
        fprintf(stderr, "%s: not a file of %d bytes\n", argv[1], (int)sizeof input);
        if (file) fclose(file);
        return 1;
    }
    fclose(file);
    if (net_run(input) == NET_ENDS_EARLY)
        fprintf(stderr, "the network goes on in float, which is not part of this program\n");
    file = fopen(argv[2], "wb");
    done = file != NULL;
    for (i = 0; done && i < NET_BLOBS; i++)
        done = fwrite(net_blobs[i].data, 1, net_blobs[i].bytes, file) == net_blobs[i].bytes;
    if (file && fclose(file)) done = 0;
    if (!done) {
        fprintf(stderr, "%s: cannot be written\n", argv[2]);
        return 1;
    }
    return 0;
}
#endif
