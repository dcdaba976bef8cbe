// Command s3 serves the objects of a bucket.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

func handler(client *s3.Client, bucket string) http.Handler {
	objects := downloadview.StorageView{Storage: s3bucket.New(client, bucket, nil)}
	mux := http.NewServeMux()
	mux.Handle("/reports/{path...}", downloadview.NewHandler(objects, nil))
	return mux
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler(s3.NewFromConfig(cfg), "reports")))
}
