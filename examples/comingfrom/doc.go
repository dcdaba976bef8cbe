// Package comingfrom has the programs of docs/coming-from: what people write here who
// used another library before.
package comingfrom
